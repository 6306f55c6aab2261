internal import Glibc

/// The sound inside a WAV file: 16-bit signed PCM, little-endian, interleaved.
public struct WAVFormat: Sendable, Hashable {
    public var framesPerSecond: Int
    public var channels: Int

    public init(framesPerSecond: Int, channels: Int) {
        self.framesPerSecond = framesPerSecond
        self.channels = channels
    }

    public var bytesPerFrame: Int { channels * 2 }
}

/// Why a file is not a WAV that the station can play.
public enum WAVError: Error, Sendable, Equatable, CustomStringConvertible {
    case system(SystemError)
    /// The file system filled up.
    case diskFull(path: String, missingBytes: Int)
    /// The bytes are no WAV, or its header makes no sense.
    case notWAV(path: String, reason: String)
    /// A WAV, but of another sound than asked for.
    case otherFormat(path: String, found: String, wanted: String)
    /// The header promises more than the file holds.
    case truncated(path: String, promisedBytes: Int, presentBytes: Int)
    /// The writer died before it closed the file: the header holds no length.
    case neverClosed(path: String)
    /// A WAV cannot hold more than 4 GiB.
    case tooLong(path: String)

    public var description: String {
        switch self {
        case .system(let error): error.description
        case .diskFull(let path, let missing): "disk full: \(path) lacks \(missing) bytes"
        case .notWAV(let path, let reason): "\(path): not a WAV file: \(reason)"
        case .otherFormat(let path, let found, let wanted): "\(path): is \(found), wanted \(wanted)"
        case .truncated(let path, let promised, let present):
            "\(path): truncated: the header promises \(promised) bytes of sound, the file holds \(present)"
        case .neverClosed(let path): "\(path): its writer never closed it: the header holds no length"
        case .tooLong(let path): "\(path): a WAV file cannot hold more than 4 GiB"
        }
    }
}

/// Reads the frames of a WAV file, at any place, from any thread.
public final class WAVReader: Sendable {
    public let path: String
    public let frames: Int
    public let format: WAVFormat
    private let file: FileDescriptor
    private let soundOffset: Int

    /// Opens `path` and checks its header: RIFF/WAVE, plain PCM of `format`, a length that the file really holds.
    public init(path: String, format: WAVFormat) throws(WAVError) {
        do throws(SystemError) {
            // Not blocking: a pipe under a track's name must not hold its reader.
            file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        } catch {
            throw .system(error)
        }
        let header = try WAVHeader(of: file, path: path, wanted: format)
        self.path = path
        self.format = format
        soundOffset = header.soundOffset
        frames = header.soundBytes / format.bytesPerFrame
    }

    /// Reads frames from `frame` on until `samples` (a multiple of the channels) is full or the sound ends.
    /// - Returns: frames read; 0 at or past the end.
    public func read(at frame: Int, into samples: UnsafeMutableBufferPointer<Int16>) throws(SystemError) -> Int {
        guard frame >= 0, frame < frames else { return 0 }
        let wanted = min(samples.count / format.channels, frames - frame) * format.bytesPerFrame
        let raw = UnsafeMutableRawBufferPointer(samples)
        var done = 0
        while done < wanted, let base = raw.baseAddress {
            let offset = soundOffset + frame * format.bytesPerFrame + done
            let got = try retrying("read \(path)") { pread(file.number, base + done, wanted - done, offset) }
            if got == 0 { break }
            done += got
        }
        return done / format.bytesPerFrame
    }

    /// Up to `count` frames from `frame` on, interleaved.
    public func read(at frame: Int, count: Int) throws(SystemError) -> [Int16] {
        guard frame >= 0, frame < frames, count > 0 else { return [] }
        var samples = [Int16](repeating: 0, count: min(count, frames - frame) * format.channels)
        var failure: SystemError?
        let got = samples.withUnsafeMutableBufferPointer { buffer -> Int in
            do throws(SystemError) { return try read(at: frame, into: buffer) } catch { failure = error }
            return 0
        }
        if let failure { throw failure }
        samples.removeLast(samples.count - got * format.channels)
        return samples
    }
}

/// Writes a WAV file piece by piece. Its header holds no length until `close`, so that a file whose writer died is
/// known for what it is.
public final class WAVWriter {
    public let path: String
    public let format: WAVFormat
    public private(set) var frames = 0
    private let file: FileDescriptor

    /// Makes `path`, replacing what was there.
    public init(path: String, format: WAVFormat) throws(WAVError) {
        self.path = path
        self.format = format
        do throws(SystemError) {
            file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(all: WAVHeader.bytes(format: format, soundBytes: nil))
        } catch {
            throw Self.failure(error, path: path, bytes: 44)
        }
    }

    /// Appends whole frames, interleaved.
    public func append(_ samples: UnsafeBufferPointer<Int16>) throws(WAVError) {
        let added = samples.count / format.channels
        guard (frames + added) * format.bytesPerFrame <= WAVHeader.soundBytesMax else { throw .tooLong(path: path) }
        let whole = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(samples)[..<(added * format.bytesPerFrame)])
        do throws(SystemError) {
            try file.write(all: whole)
        } catch {
            throw Self.failure(error, path: path, bytes: whole.count)
        }
        frames += added
    }

    /// Appends whole frames, interleaved.
    public func append(_ samples: [Int16]) throws(WAVError) {
        let failure: WAVError? = samples.withUnsafeBufferPointer { buffer in
            do throws(WAVError) { try append(buffer) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    /// Puts the length into the header and the bytes on the disk. Returns the frames written.
    @discardableResult
    public func close() throws(WAVError) -> Int {
        let header = WAVHeader.bytes(format: format, soundBytes: frames * format.bytesPerFrame)
        do throws(SystemError) {
            let written = try retrying("write") { pwrite(file.number, header, header.count, 0) }
            guard written == header.count else { throw SystemError("write", code: ENOSPC) }
            try retrying("fsync") { fsync(file.number) }
        } catch {
            throw Self.failure(error, path: path, bytes: 0)
        }
        return frames
    }

    private static func failure(_ error: SystemError, path: String, bytes: Int) -> WAVError {
        guard error.isDiskFull else { return .system(SystemError("write \(path)", code: error.code)) }
        let free = (try? DiskSpace.freeBytes(at: Files.parent(of: path))) ?? 0
        return .diskFull(path: path, missingBytes: max(bytes - free, 1))
    }
}
