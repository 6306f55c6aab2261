import Glibc
import Platform

/// An answer as it came over the wire.
struct Answer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// A plain HTTP client over a blocking socket, which sends exactly what it is told to.
final class RawClient: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let socket: Int32

    /// - Parameter timeoutSeconds: for each send and receive.
    init(port: Int, timeoutSeconds: Int = 10, receiveBufferBytes: Int32? = nil) throws {
        let number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Failure(description: "no socket") }
        socket = number
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var bytes = receiveBufferBytes {
            setsockopt(number, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            throw Failure(description: "connect to \(port): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(socket) }

    /// False when the other side has gone.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Nil at the end of the stream, an error included.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let got = recv(socket, &bytes, bytes.count, 0)
        return got > 0 ? Array(bytes.prefix(got)) : nil
    }

    /// Receives until `text` has come; what came, or an error at the end of the stream.
    func receive(until text: String) throws -> String {
        var all = ""
        while !all.contains(text) {
            guard let bytes = receive() else {
                throw Failure(description: "the stream ended before \(text); it said: \(all)")
            }
            all += String(decoding: bytes, as: UTF8.self)
        }
        return all
    }

    /// Waits for the other side to hang up; true when it did within the time limit.
    func waitsForEnd() -> Bool {
        var byte: UInt8 = 0
        while true {
            let got = recv(socket, &byte, 1, 0)
            if got == 0 { return true }
            if got < 0 { return errno == ECONNRESET || errno == EPIPE }
        }
    }

    /// One request on a connection of its own.
    static func get(
        _ path: String, port: Int, host: String? = "127.0.0.1", method: String = "GET", more: String = ""
    ) async throws -> Answer {
        try await onThread {
            let client = try RawClient(port: port)
            let hostLine = host.map { "Host: \($0)\r\n" } ?? ""
            client.send("\(method) \(path) HTTP/1.1\r\n\(hostLine)Connection: close\r\n\(more)\r\n")
            var all: [UInt8] = []
            while let bytes = client.receive() { all += bytes }
            return try parse(all)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws -> Answer {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
            throw Failure(description: "no whole head in: \(String(decoding: bytes, as: UTF8.self))")
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(status: status, headers: headers, body: Array(bytes[(end + 4)...]))
    }
}

/// Runs what blocks away from the threads that the server under test needs.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        NamedThread.start("test") { continuation.resume(with: Result(catching: work)) }
    }
}
