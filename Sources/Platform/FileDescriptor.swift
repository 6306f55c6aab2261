internal import CPlatform
internal import Glibc

/// An open descriptor that closes when its last owner lets go.
public final class FileDescriptor: Sendable {
    /// The number, for system calls; valid while this object lives.
    public let number: Int32

    /// Takes ownership of `number`.
    public init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens `path`, close-on-exec.
    public static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o644) throws(SystemError) -> FileDescriptor
    {
        FileDescriptor(owning: try retrying("open \(path)") { Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    /// A pipe, close-on-exec at both ends.
    public static func pipe() throws(SystemError) -> (read: FileDescriptor, write: FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        let failed = lofi_pipe(&ends)
        if failed != 0 { throw SystemError("pipe", code: failed) }
        return (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
    }

    /// A connected pair of stream sockets, close-on-exec.
    public static func socketPair() throws(SystemError) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try retrying("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        return (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
    }

    /// Reads up to `count` bytes; an empty result is the end of the file.
    public func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try retrying("read") { Glibc.read(number, &bytes, count) }
        bytes.removeLast(count - got)
        return bytes
    }

    /// Fills `buffer` from the current offset. Returns the bytes read; fewer than asked only at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let got = try retrying("read") { Glibc.read(number, base + done, buffer.count - done) }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Writes all of `bytes`, blocking as long as it takes.
    public func write(all bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            done += try retrying("write") { Glibc.write(number, base + done, bytes.count - done) }
        }
    }

    /// Writes all of `bytes`, blocking as long as it takes.
    public func write(all bytes: [UInt8]) throws(SystemError) {
        // withUnsafeBytes rethrows untyped, so the error travels beside it.
        let failure: SystemError? = bytes.withUnsafeBytes { raw in
            do throws(SystemError) { try write(all: raw) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    /// Sends all of `bytes` on a socket, blocking as long as it takes. A peer that has gone is EPIPE, never a signal.
    public func send(all bytes: [UInt8]) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try retrying("send") {
                bytes.withUnsafeBytes { raw in
                    Glibc.send(number, raw.baseAddress.map { $0 + done }, raw.count - done, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }

    /// Sends what the socket has room for now and returns how much that was; 0 when there is none.
    public func sendSome(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try retrying("send") {
                bytes.withUnsafeBytes {
                    Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                }
            }
        } catch  where error.code == EAGAIN {
            return 0
        } catch {
            throw error
        }
    }

    /// Waits until a read would not block. False when `timeoutSeconds` passed first.
    public func waitReadable(timeoutSeconds: Double) -> Bool { wait(for: POLLIN, timeoutSeconds) }

    /// Waits until a write would not block. False when `timeoutSeconds` passed first.
    public func waitWritable(timeoutSeconds: Double) -> Bool { wait(for: POLLOUT, timeoutSeconds) }

    private func wait(for events: Int32, _ timeoutSeconds: Double) -> Bool {
        var waiting = pollfd(fd: number, events: Int16(events), revents: 0)
        return poll(&waiting, 1, Int32(min(timeoutSeconds, 3600) * 1000)) > 0
    }

    /// Ends a socket's conversation in both directions; whoever waits on it is woken.
    public func shutDown() { shutdown(number, Int32(SHUT_RDWR)) }

    /// Makes reads and writes return EAGAIN rather than wait.
    public func setNonBlocking() throws(SystemError) {
        let flags = try retrying("fcntl") { fcntl(number, F_GETFL) }
        try retrying("fcntl") { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Bytes waiting to be read here, or 0 when that cannot be told.
    public var bytesWaiting: Int { max(0, Int(lofi_bytes_waiting(number))) }

    /// Asks for a pipe of `bytes`; the kernel may give less (unprivileged users have a limit), which is no error.
    public func requestPipeSize(_ bytes: Int) { _ = lofi_set_pipe_size(number, Int32(bytes)) }
}
