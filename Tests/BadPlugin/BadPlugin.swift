import Glibc
import IPC
import Platform

/// A whole plug-in, but for what its mode breaks.
final class BadPlugin {
    private let mode: String
    private let detail: String
    private let socket: FileDescriptor
    private let environment: [String: String]
    private let program: String
    private var lines = LineBuffer()
    private var waiting: [Message] = []
    private var threads = 0

    init(mode: String, detail: String, socket: FileDescriptor, environment: [String: String], program: String) {
        self.mode = mode
        self.detail = detail
        self.socket = socket
        self.environment = environment
        self.program = program
    }

    func run() -> Never {
        if mode == "says-nothing-and-ends" { exit(3) }
        while let message = next(seconds: -1) { take(message) }
        if mode == "ignores-end" { hang() }
        exit(0)
    }

    private func take(_ message: Message) {
        switch message {
        case .request(let id, "describe", _): describe(id)
        case .request(let id, "load", let parameters): load(id, parameters)
        case .request(let id, "generate", let parameters): generate(id, parameters)
        case .request(let id, "cancel", _): send(.response(id: id, result: .object([:])))
        case .request(let id, "unload", _):
            Output.say("unloaded")
            send(.response(id: id, result: .object(["memory_bytes": .integer(1000)])))
        case .request(let id, _, _) where mode == "answers-all": send(.response(id: id, result: .object([:])))
        case .request(let id, let method, _):
            send(.failure(id: id, code: -32601, message: "unknown method \(method)"))
        case .notification("tune", let parameters):
            if case .integer(let number) = parameters["threads"] { threads = number }
            Output.say("tuned to \(threads)")
        default: break
        }
    }

    private func describe(_ id: Int) {
        misbehave(in: "describe")
        send(
            .response(
                id: mode == "other-request" ? id + 7 : id,
                result: .object([
                    "protocol": .integer(mode == "other-protocol" ? 2 : 1), "name": .string("bad"),
                    "version": .string("1"), "model": .string("bad \(mode)"), "batch_max": .integer(4),
                    "licence": mode == "non-commercial" ? .string("CC-BY-NC-4.0") : .null,
                    "non_commercial": .bool(mode == "non-commercial"), "continues": .bool(true),
                    "repeatable": .bool(true), "colour": .string("a member that nobody knows"),
                ])))
    }

    private func load(_ id: Int, _ parameters: JSONValue) {
        misbehave(in: "load")
        if mode == "not-installed" {
            return send(.failure(id: id, code: -32001, message: "the bells are missing: apt install bells"))
        }
        if mode == "slow-load" { work(id, seconds: Double(detail) ?? 1) }
        send(.response(id: id, result: .object(["memory_bytes": .integer(1_000_000)])))
        if mode == "ends-when-idle" { exit(4) }
    }

    private func generate(_ id: Int, _ parameters: JSONValue) {
        guard case .string(let directory) = parameters["directory"], case .array(let items) = parameters["items"] else {
            return send(.failure(id: id, code: -32602, message: "no items"))
        }
        if mode == "small-memory", items.count > Int(detail) ?? 1 {
            return send(.failure(id: id, code: -32002, message: "\(items.count) tracks take too much memory"))
        }
        if mode == "at-fault" { return send(.failure(id: id, code: -32003, message: "these words mean nothing to me")) }
        var done: [JSONValue] = []
        var failed: [JSONValue] = []
        for (place, item) in items.enumerated() {
            guard case .string(let name) = item["id"] else { continue }
            if place == items.count - 1 { misbehave(in: "generate") }
            let pause = mode == "slow" ? Double(detail) ?? max(1, seconds(item) / 100) : seconds(item) > 60 ? 10 : 0
            if !work(id, seconds: pause) {
                return send(.failure(id: id, code: -32800, message: "cancelled"))
            }
            if mode == "fails-one", place == 1 {
                failed.append(.object(["id": .string(name), "why": .string("a string broke")]))
                continue
            }
            if mode == "forgets-one", place == 1 { continue }
            let file = makeFile(name, in: directory, item, isLast: place == items.count - 1)
            let times = mode == "twice" ? 2 : 1
            for _ in 0..<times {
                notify(
                    "track",
                    [
                        "request": .integer(id), "id": .string(mode == "other-track" ? "999" : name),
                        "file": .string(file), "render_seconds": .real(0.5),
                    ])
            }
            notify("progress", ["request": .integer(id), "fraction": .real(Double(place + 1) / Double(items.count))])
            done.append(.string(name))
        }
        send(.response(id: id, result: .object(["done": .array(done), "failed": .array(failed)])))
    }

    /// Works with progress; false when it was cancelled.
    @discardableResult
    private func work(_ id: Int, seconds: Double) -> Bool {
        let clock = SystemClock()
        let until = clock.monotonicSeconds + seconds
        while clock.monotonicSeconds < until {
            notify("progress", ["request": .integer(id), "fraction": .real(0.5)])
            guard let message = next(seconds: 0.05) else { continue }
            take(message)
            if case .request(_, "cancel", _) = message, detail != "for-ever", detail != "deaf" { return false }
        }
        return true
    }

    // MARK: - What goes wrong

    /// The mode's own fault, if it belongs to `method`: `crash-load`, `garbage-generate`, ...
    private func misbehave(in method: String) {
        switch mode {
        case "crash-\(method)":
            Output.say("error: the string of \(method) has snapped")
            abort()
        case "garbage-\(method)": try? socket.send(all: Array("la la la\n".utf8))
        case "silent-\(method)": hang()
        case "huge-\(method)":
            try? socket.send(all: Array(repeating: UInt8(ascii: "x"), count: 3 << 20))
            hang()
        case "hangs-up-\(method)":
            socket.shutDown()
            hang()
        case "leaves-child-\(method)":
            leaveChild()
            abort()
        case "floods-\(method)":
            for line in 0..<10_000 { Output.say("line \(line) of a flood") }
        case "deaf-\(method)":
            // Alive and talking, but it never listens.
            while true {
                notify("progress", ["request": .integer(5), "fraction": .real(0.1)])
                usleep(50_000)
            }
        default: break
        }
    }

    private func leaveChild() {
        // In a session of its own: neither our group nor, once we are dead, our family.
        let child = try? ChildProcess(
            path: program, arguments: ["left-behind"], environment: environment, descriptors: [nil, nil, nil],
            newSession: true)
        Output.say("left behind \(child?.pid ?? 0)")
    }

    private func hang() -> Never {
        while true { pause() }
    }

    /// Makes the item's file as the mode wants it, and returns the name to hand over.
    private func makeFile(_ name: String, in directory: String, _ item: JSONValue, isLast: Bool) -> String {
        let file = "\(name).wav"
        let path = "\(directory)/\(file)"
        switch isLast ? mode : "good" {
        case "no-file": return file
        case "empty-file": write(path, [])
        case "slash": return "../\(file)"
        case "absolute": return "/etc/hostname"
        case "link":
            symlink("/etc/hostname", path)
        case "directory": mkdir(path, 0o755)
        case "not-audio": write(path, Array("this is not music\n".utf8))
        case "short": write(path, Melody.wav(seconds: 0.2, seed: 1))
        case "not-numbers": write(path, Melody.notNumbers(seconds: seconds(item)))
        default:
            write(path, Melody.wav(seconds: seconds(item), seed: mode == "same-for-all" ? 1 : seed(item)))
            if mode == "litters" { write("\(directory)/left-over.tmp", [1, 2, 3]) }
        }
        return file
    }

    private func seconds(_ item: JSONValue) -> Double {
        switch item["seconds"] {
        case .integer(let number): Double(number)
        case .real(let number): number
        default: 1
        }
    }

    private func seed(_ item: JSONValue) -> UInt64 {
        if case .string(let text) = item["seed"] { UInt64(text) ?? 0 } else { 0 }
    }

    private func write(_ path: String, _ bytes: [UInt8]) {
        try? FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC).write(all: bytes)
    }

    // MARK: - The socket

    private func send(_ message: Message) {
        if let line = try? message.line() { try? socket.send(all: line) }
    }

    private func notify(_ method: String, _ members: [String: JSONValue]) {
        send(.notification(method: method, parameters: .object(members)))
    }

    /// The next message; nil when none came in time, or at the end. - Parameter seconds: negative waits for ever.
    private func next(seconds: Double) -> Message? {
        while waiting.isEmpty {
            if seconds >= 0, !socket.waitReadable(timeoutSeconds: seconds) { return nil }
            guard let bytes = try? socket.read(upTo: 65_536), !bytes.isEmpty else { return nil }
            for line in (try? lines.add(bytes)) ?? [] {
                do {
                    waiting.append(try Message(line: line))
                } catch {
                    if mode == "falls-over-garbage" { abort() }
                    send(.failure(id: nil, code: -32700, message: "\(error)"))
                }
            }
        }
        return waiting.removeFirst()
    }
}

/// Standard error, a line at a time.
enum Output {
    static func say(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
