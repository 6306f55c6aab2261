import Glibc
import Platform
import Synchronization

/// An HTTP server that answers exactly the bytes a test wants, one request a connection.
public final class ScriptedServer: Sendable {
    public struct Request: Sendable {
        public let method: String
        public let path: String
        /// The whole head, as it came.
        public let head: String
        public let body: [UInt8]

        /// The value of a header; nil where there is none.
        public func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() where line.lowercased().hasPrefix("\(name):") {
                return String(line.dropFirst(name.count + 1).drop { $0 == " " })
            }
            return nil
        }
    }

    /// What is said before the connection ends.
    public enum Reply: Sendable {
        case bytes([UInt8])
        /// A head with a status and the length of the body, then the body.
        case answer(Int, [String], [UInt8])
        /// These bytes, then a little again and again, for as long as the client stays.
        case drip([UInt8], everySeconds: Double)
    }

    public let port: Int
    private let listener: FileDescriptor
    private let seen = Monitor<[Request]>([])
    private let isOver = Atomic(false)

    public init(_ answer: @escaping @Sendable (Request) -> Reply) throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        listener = FileDescriptor(owning: try retrying("socket") { socket(AF_INET, type, 0) })
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = listener.number
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try retrying("bind") { bind(number, generic, size) }
                try retrying("listen") { listen(number, 16) }
                try retrying("getsockname") { getsockname(number, generic, &size) }
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        NamedThread.start("scripted") { [self] in serve(answer) }
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    /// What was asked so far.
    public var requests: [Request] { seen.read { $0 } }

    public func stop() {
        isOver.store(true, ordering: .releasing)
        listener.shutDown()
    }

    private func serve(_ answer: @escaping @Sendable (Request) -> Reply) {
        while !isOver.load(ordering: .acquiring) {
            let number = accept(listener.number, nil, nil)
            if number < 0 { return }
            // The tools that tests start are not to keep it open.
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            let connection = FileDescriptor(owning: number)
            NamedThread.start("scripted") { [self] in
                guard let request = Self.read(connection) else { return }
                seen.withLock { $0.append(request) }
                say(answer(request), on: connection)
            }
        }
    }

    private static func read(_ connection: FileDescriptor) -> Request? {
        var bytes: [UInt8] = []
        var head: String?
        var bodyAt = 0
        while true {
            if head == nil, let end = String(decoding: bytes, as: UTF8.self).firstRange(of: "\r\n\r\n") {
                let text = String(String(decoding: bytes, as: UTF8.self)[..<end.lowerBound])
                head = text
                bodyAt = text.utf8.count + 4
            }
            if let head {
                let words = head.split(separator: " ")
                guard words.count >= 2 else { return nil }
                let request = Request(
                    method: String(words[0]), path: String(words[1]), head: head, body: Array(bytes[bodyAt...]))
                if request.body.count >= Int(request.header("content-length") ?? "0") ?? 0 { return request }
            }
            guard let more = try? connection.read(upTo: 65_536), !more.isEmpty else { return nil }
            bytes += more
        }
    }

    private func say(_ reply: Reply, on connection: FileDescriptor) {
        switch reply {
        case .bytes(let bytes): try? connection.send(all: bytes)
        case .answer(let status, let headers, let body):
            let lines = ["HTTP/1.1 \(status) Word", "Content-Length: \(body.count)", "Connection: close"] + headers
            try? connection.send(all: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        case .drip(let bytes, let seconds):
            var next = bytes
            while !isOver.load(ordering: .acquiring), (try? connection.send(all: next)) != nil {
                SystemClock().sleep(seconds: seconds)
                next = [UInt8(ascii: " ")]
            }
        }
    }
}
