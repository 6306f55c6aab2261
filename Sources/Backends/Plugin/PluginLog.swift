internal import Platform
internal import Synchronization

/// What a plug-in writes to its standard output and error, as lines of our log: of bounded length and rate.
final class PluginLog: Sendable {
    private struct State {
        var line: [UInt8] = []
        var allowance = PluginLog.burstLines
        var at: Double
        var dropped = 0
        var last: [String] = []
    }

    private let name: String
    private let state: Mutex<State>
    private let say: @Sendable (String) -> Void
    private static let lineBytesMax = 1000
    private static let linesASecond = 5.0
    private static let burstLines = 60.0
    private static let linesKept = 3

    init(name: String, now: Double, say: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.say = say
        state = Mutex(State(at: now))
    }

    /// The last line it wrote, for whoever says how it ended; nil when it wrote none.
    var lastWords: String? {
        state.withLock { $0.last.isEmpty ? nil : $0.last.joined(separator: " | ") }
    }

    func take(_ bytes: [UInt8], now: Double) {
        let lines = state.withLock { state -> [String] in
            state.allowance = min(Self.burstLines, state.allowance + (now - state.at) * Self.linesASecond)
            state.at = now
            var said: [String] = []
            for (place, part) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .enumerated()
            {
                if place > 0 { Self.end(&state, into: &said) }
                state.line += part.prefix(max(0, Self.lineBytesMax - state.line.count))
            }
            return said
        }
        for line in lines { say("\(name): \(line)") }
    }

    /// The end of its output: what it had begun to say counts, and what was held back is owned up to.
    func finish() {
        let lines = state.withLock { state -> [String] in
            var said: [String] = []
            state.allowance = max(state.allowance, 2)
            Self.end(&state, into: &said)
            if state.dropped > 0 { said.append("warning: \(state.dropped) lines of it were left out") }
            state.dropped = 0
            return said
        }
        for line in lines { say("\(name): \(line)") }
    }

    private static func end(_ state: inout State, into said: inout [String]) {
        defer { state.line.removeAll(keepingCapacity: true) }
        let text = String(decoding: state.line, as: UTF8.self)
        if text.allSatisfy(\.isWhitespace) { return }
        let harmless = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        state.last = (state.last + [String(harmless.prefix(300))]).suffix(linesKept)
        if state.allowance < 1 {
            state.dropped += 1
            return
        }
        state.allowance -= 1
        if state.dropped > 0, state.allowance > burstLines / 2 {
            said.append("warning: \(state.dropped) lines of it were left out")
            state.dropped = 0
        }
        said.append(harmless)
    }
}
