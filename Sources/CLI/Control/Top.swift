internal import ArgumentParser
internal import Domain
internal import Foundation
internal import Glibc
internal import IPC
internal import Platform

extension Ctl {
    struct Top: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch the workers, live.",
            discussion: """
                q or Ctrl-C ends it. The rate is a worker's own measure of work, in steps a second. Where standard \
                output is no terminal, or with --json, the figures are printed once.
                """)
        @Flag(help: "Print the figures once.") var once = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                let control = try StationControl(station)
                if once || output.json || !Terminal.isOutput {
                    let status = try control.ask { client throws(WireError) in try client.status() }
                    return try output.print(status) {
                        TopText.lines($0).lines.map(Spelling.harmless).joined(separator: "\n")
                    }
                }
                try LiveTable(control: control).watch()
            }
        }
    }
}

/// The terminal while `top` runs.
struct LiveTable {
    let control: StationControl
    private static let refreshSeconds = 1.0
    private static let answerSecondsMax = 2.0
    private static let escape = "\u{1B}["

    /// Draws until q, Ctrl-C or the terminal's end.
    /// - Throws: when there is no station to begin with; one that goes away later is waited for.
    func watch() throws {
        // Before the connection's thread exists.
        let signals = try SignalFeed([SIGINT, SIGTERM, SIGHUP, SIGWINCH])
        var client: ControlClient? = try control.connect()
        var status = try Self.ask(client)
        var note: String?
        try Terminal.withKeys {
            // The other screen of the terminal, so that what was there is there again afterwards; no cursor.
            try Terminal.write("\(Self.escape)?1049h\(Self.escape)?25l")
            defer { try? Terminal.write("\(Self.escape)?25h\(Self.escape)?1049l") }
            while true {
                try draw(status, note: note)
                switch Terminal.wait(signals: signals, keys: Terminal.isInput, timeoutSeconds: Self.refreshSeconds) {
                case .signal(SIGWINCH): continue
                case .signal, .readerGone, .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")): return
                case .key, nil: break
                }
                do {
                    client = try client ?? control.connect()
                    status = try Self.ask(client)
                    note = nil
                } catch let error as ControlError {
                    client = nil
                    note = "these figures are old: \(error)"
                }
            }
        }
    }

    private static func ask(_ client: ControlClient?) throws -> StationStatus {
        guard let client else { throw ControlError.silent }
        do throws(WireError) {
            return try client.ask(.status, [String: String](), timeoutSeconds: answerSecondsMax)
        } catch { throw ControlError(error) }
    }

    /// One write, from the top left corner on, each line cleared to its end: nothing is blank in between.
    private func draw(_ status: StationStatus, note: String?) throws {
        let (rows, columns) = Terminal.size
        let table = TopText.lines(status, columns: columns, rows: rows - 1, note: note)
        var frame = "\(Self.escape)H"
        for (at, line) in table.lines.prefix(rows - 1).enumerated() {
            frame += at == table.head ? "\(Self.escape)7m\(line)\(Self.escape)K\(Self.escape)0m" : line
            frame += "\(Self.escape)K\n"
        }
        frame += "\(Self.escape)J" + Spelling.cut("q ends", to: columns)
        try Terminal.write(frame)
    }
}
