internal import ArgumentParser
internal import Domain
internal import Foundation
internal import Glibc
internal import IPC
internal import Platform

extension Ctl {
    struct Logs: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what the workers said.",
            discussion: "The station keeps the newest lines; under systemd all of them are in `journalctl -u lofisup`.")
        @Argument(
            help: ArgumentHelp("Only of this worker.", valueName: "worker"), completion: .list(WorkerArgument.known),
            transform: WorkerArgument.parse)
        var worker: WorkerName?
        @OptionGroup var options: FeedOptions

        func run() throws {
            try reportingErrors {
                let query = FeedQuery(countMax: options.count, worker: worker?.description)
                try FeedReader(options, .logs, FeedText.log).read(from: query)
            }
        }
    }

    struct Events: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what happened to the station and its workers.",
            discussion: """
                Every event has a number; they have no gaps, over restarts of the supervisor too. With --since a program \
                goes on where it left off.
                """)
        @Option(help: ArgumentHelp("All after this number that is kept; 0 for everything.", valueName: "number"))
        var since: Int?
        @OptionGroup var options: FeedOptions

        func validate() throws {
            if let since, since < 0 { throw ValidationError("--since must be 0 or more") }
        }

        func run() throws {
            try reportingErrors {
                try FeedReader(options, .events, FeedText.event).read(
                    from: FeedQuery(since: since, countMax: options.count))
            }
        }
    }
}

/// What `logs` and `events` have in common.
struct FeedOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Go on with what comes, until Ctrl-C; over a restart of the supervisor, too.")
    var follow = false
    @Option(
        name: [.customShort("n"), .customLong("count")],
        help: ArgumentHelp("Begin with so many: 1 to 1000.", valueName: "n"))
    var count = 50
    @Flag(help: "Print JSON, an object a line.") var json = false
    @OptionGroup var station: StationOptions

    func validate() throws {
        guard (1...1000).contains(count) else { throw ValidationError("--count must be from 1 to 1000") }
    }
}

/// Prints a feed, once or for as long as somebody reads it.
struct FeedReader {
    private let options: FeedOptions
    private let method: IPC.Method
    private let control: StationControl
    private let text: (FeedEntry) -> String

    init(_ options: FeedOptions, _ method: IPC.Method, _ text: @escaping (FeedEntry) -> String) throws {
        self.options = options
        self.method = method
        self.text = text
        control = try StationControl(options.station)
    }

    func read(from query: FeedQuery) throws {
        if options.follow { return try follow(from: query) }
        try print(once(query))
    }

    /// With a number to begin at all that is kept, in as many pages as it takes; else the newest.
    private func once(_ query: FeedQuery) throws -> FeedPage {
        try control.ask { client throws(WireError) in
            guard let since = query.since else { return try client.feed(method, query) }
            var all = FeedPage(entries: [], lost: 0, next: since)
            while all.entries.count < Self.entriesMax {
                let page = try client.feed(
                    method, FeedQuery(since: all.next, countMax: FeedQuery().countMax, worker: query.worker))
                all.entries += page.entries
                all.lost += page.lost
                // Nothing new, or a supervisor that counts anew.
                if page.entries.isEmpty || page.next <= all.next { break }
                all.next = page.next
            }
            return all
        }
    }

    private static let entriesMax = 100_000

    private func follow(from query: FeedQuery) throws {
        // Before the connection's thread exists.
        let signals = try SignalFeed([SIGINT, SIGTERM, SIGHUP])
        let descriptor = signals.descriptor
        let control = control
        // What it throws when there is no station is told in the words of every other command.
        try control.connect().close()
        let follower = try FeedFollower(method, from: query) { () throws(SystemError) in
            try ControlClient(path: control.socket)
        }
        NamedThread.start("end") {
            Terminal.waitForEnd(signals: descriptor)
            follower.cancel()
        }
        do {
            while let news = try follower.next() {
                switch news {
                case .page(let page): try print(page)
                case .away(let error): try note("\(ControlError(error)); waiting for it")
                case .back: try note("the supervisor is back")
                case .anew: try note("its numbers began again; something may be missing here")
                }
            }
        } catch let error as SystemError where error.code == EPIPE {
            return
        } catch let error as WireError {
            throw ControlError(error)
        }
        // The thread polls its descriptor.
        withExtendedLifetime(signals) {}
    }

    private func print(_ page: FeedPage) throws {
        if page.lost > 0 { try note(FeedText.lost(page.lost)) }
        var lines = ""
        for entry in page.entries {
            lines += options.json ? String(decoding: try StationJSON.encode(entry), as: UTF8.self) : text(entry)
            lines += "\n"
        }
        try Terminal.write(lines)
    }

    /// A line of our own: between the others for a person, beside them for a program.
    private func note(_ text: String) throws {
        if options.json { complain(text) } else { try Terminal.write("-- \(text) --\n") }
    }
}
