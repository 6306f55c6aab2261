import FoundationEssentials
import Glibc
import Platform

/// A worker that does what it is told in a file, one step a line, and then lives as a good one: reports every 0.1 s,
/// ends when it is asked to or when its line closes.
final class BadWorker {
    private let name: String
    private let root: String
    private var isDeaf = false
    private var isMute = false
    private var progress = 0
    private var held: [Int32] = []

    init(name: String, root: String) {
        self.name = name
        self.root = root
    }

    func run() -> Never {
        signal(SIGPIPE, SIG_IGN)
        let file = name.replacing("/", with: "-")
        Diary.add("\(name) \(getpid())", to: root + "/born")
        // Held for life: a second worker of this name at the same time finds it taken.
        let lock = open(root + "/\(file).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if flock(lock, LOCK_EX | LOCK_NB) != 0 { Diary.add("\(name) \(getpid())", to: root + "/twice") }
        let steps = FileManager.default.contents(atPath: root + "/steps/" + file).map {
            String(decoding: $0, as: UTF8.self)
        }
        for line in (steps ?? "ready").split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            take(words[0], words.count > 1 ? words[1] : "")
        }
        live(seconds: .infinity)
        exit(0)
    }

    private func take(_ step: String, _ what: String) {
        let number = Int(what) ?? 0
        switch step {
        case "ready": say("{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{\"version\":\"bad\"}}\n")
        case "live": live(seconds: Double(what) ?? .infinity)
        case "exit": _exit(Int32(number))
        case "die": kill(getpid(), Int32(number))
        case "deaf":
            isDeaf = true
            signal(SIGTERM, SIG_IGN)
        case "fork": fork(what)
        case "mute": isMute = true
        case "close-output":
            close(1)
            close(2)
        case "close-line": close(3)
        case "log": log(bytes: number)
        case "print": print(what)
        case "garbage": flood(bytes: number, with: "\u{1}{]no message at all[}\n")
        case "frame": flood(bytes: number, with: String(repeating: "x", count: 4096))
        case "half": say("{\"jsonrpc\":\"2.0\",\"method\":\"rea")
        case "messages": flood(seconds: Double(number), with: "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}}\n")
        case "ask": flood(seconds: Double(number), with: "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n")
        case "hold-files": holdFiles()
        default: print("no such step: \(step)")
        }
        fflush(nil)
    }

    // MARK: - A good worker's life

    private func live(seconds: Double) {
        let clock = SystemClock()
        let until = clock.monotonicSeconds + seconds
        while clock.monotonicSeconds < until {
            var line = pollfd(fd: 3, events: Int16(POLLIN), revents: 0)
            // A line that is closed would be ready at once, for ever.
            if poll(&line, isDeaf ? 0 : 1, 100) > 0 { hear() }
            progress += 1
            if isMute { continue }
            say("{\"jsonrpc\":\"2.0\",\"method\":\"report\",\"params\":{\"progress\":\(progress),\"activity\":\"\"}}\n")
        }
    }

    private func hear() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(3, &bytes, bytes.count)
        if count <= 0 || String(decoding: bytes.prefix(count), as: UTF8.self).contains("\"stop\"") { exit(0) }
    }

    private func say(_ text: String) { _ = write(3, text, text.utf8.count) }

    // MARK: - Mischief

    private func fork(_ kind: String) {
        let isSession = kind != "group"
        // They keep the worker's line and its output.
        _ = try? ChildProcess(
            path: "/proc/self/exe", arguments: ["child", root, kind], environment: [:],
            descriptors: [nil, 1, 1, 3], newSession: isSession)
    }

    private func log(bytes: Int) {
        let line = String(repeating: "a line of a log that nobody can read ", count: 5) + "\n"
        let count = bytes / line.utf8.count + 1
        let many = String(repeating: line, count: 300)
        for _ in 0..<(count / 300) { writeAll(many) }
        writeAll(String(repeating: line, count: count % 300))
    }

    private func writeAll(_ text: String) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(1, $0.baseAddress.map { $0 + done }, bytes.count - done) }
            if count <= 0 { return }
            done += count
        }
    }

    private func flood(bytes: Int, with text: String) {
        for _ in 0..<(bytes / text.utf8.count + 1) where write(3, text, text.utf8.count) <= 0 { return }
    }

    private func flood(seconds: Double, with text: String) {
        let clock = SystemClock()
        let until = clock.monotonicSeconds + seconds
        let many = String(repeating: text, count: 500)
        while clock.monotonicSeconds < until, write(3, many, many.utf8.count) > 0 {}
    }

    private func holdFiles() {
        var limit = rlimit(rlim_cur: 32, rlim_max: 32)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        while true {
            let file = open("/dev/null", O_RDONLY)
            if file < 0 { break }
            held.append(file)
        }
        print("error: cannot open another file: \(String(cString: strerror(errno)))")
    }
}

/// Outlives whoever started it, if it can: deaf, with its parent's line and output open.
struct LeftBehind {
    let root: String
    let kind: String

    func run() -> Never {
        signal(SIGTERM, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        if kind == "double" {
            // The one in the middle goes, so that nobody but init would know this one.
            _ = try? ChildProcess(
                path: "/proc/self/exe", arguments: ["child", root, "session"], environment: [:],
                descriptors: [nil, 1, 1, 3], newSession: true)
            _exit(0)
        }
        Diary.add("\(kind) \(getpid())", to: root + "/left")
        while true { pause() }
    }
}

/// What processes have to tell a test, a line each.
enum Diary {
    static func add(_ line: String, to path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        let text = line + "\n"
        _ = write(file, text, text.utf8.count)
        close(file)
    }
}
