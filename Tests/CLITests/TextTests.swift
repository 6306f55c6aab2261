import Domain
import IPC
import Testing

@testable import CLI

struct TextTests {
    @Test("the status says how long the music lasts, and what would help")
    func lasts() {
        var status = StationStatus.make()
        status.buffer = BufferSummary(
            health: .warning, hours: 24, targetHours: 24, readyTracks: 1440, diskFreeBytes: 1)
        #expect(!StatusText.text(status).contains("lasts"))
        status.forecast = BufferForecast(
            kind: .empties, sentence: "empty in 41 h", hours: 41.4, rate: -0.58, confidence: .good,
            advice: "never ahead: add fallback or a renderer")
        #expect(
            StatusText.text(status).contains("lasts     empty in 41 h; never ahead: add fallback or a renderer\n"))
    }

    @Test("the status says what the machine bears, why generators are held back, and who runs another version")
    func status() {
        let text = StatusText.text(.make())
        #expect(text.contains("machine   cpu 97 %, load average 8.41, cpu pressure 31 %, frames at most 12 ms late\n"))
        #expect(text.contains("          held back (step 2): cpu pressure 31 %: generators rest 30 s\n"))
        #expect(text.contains("encoder runs 0.1.0, this is 0.2.0: `lofisup ctl restart encoder` when convenient"))
        #expect(text.contains("next start in 272 s; ended with signal 11 (Segmentation fault)"))
        #expect(text.contains("to        backup: waiting, 0.0 Mbit/s, connection refused"))
    }

    @Test("no line of top is wider than the terminal, and in a small one the workers stay")
    func top() {
        let wide = TopText.lines(.make())
        #expect(wide.lines[wide.head].hasPrefix("worker"))
        #expect(wide.lines.contains { $0.hasSuffix("on air") && $0.contains("1d 01:50") })
        for columns in [1, 20, 60, 100] {
            let narrow = TopText.lines(.make(), columns: columns)
            #expect(narrow.lines.allSatisfy { $0.count <= columns })
            #expect(narrow.lines.count == wide.lines.count)
        }
        let low = TopText.lines(.make(), rows: 6)
        #expect(low.lines.count == 6)
        #expect(low.lines[1] == "on air: Monsoon Raga")
        #expect(low.lines[low.head].hasPrefix("worker"))
        #expect(low.lines.last?.hasPrefix("generator/2") == true)
        #expect(TopText.lines(.make(), note: "these are old").lines.contains("these are old"))
    }

    @Test("what a worker wrote cannot move the cursor of whoever reads it")
    func harmless() {
        let entry = FeedEntry(number: 7, time: 0, worker: "encoder", kind: "info", text: "a\u{1B}[2Jb\u{9B}c\r\nd\te")
        #expect(FeedText.log(entry).hasSuffix("encoder      a?[2Jb?c??d e"))
        #expect(!FeedText.event(entry).unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("a line's weight is said once")
    func weight() {
        func log(_ kind: String, _ text: String) -> String {
            let whole = FeedText.log(FeedEntry(number: 1, time: 0, worker: "feeder", kind: kind, text: text))
            return String(whole.dropFirst("1970-01-01 00:00:00  feeder       ".count))
        }
        #expect(log("info", "plays") == "plays")
        #expect(log("warning", "late") == "warning: late")
        #expect(log("warning", "warning: late") == "warning: late")
        #expect(log("dropped", "12 lines") == "dropped: 12 lines")
    }

    @Test("a plan is a table, or one sentence")
    func plan() {
        #expect(PlanText.text(ReloadPlan(steps: [])) == "nothing would change")
        let step = ReloadPlan.Step(key: "generator.seed", before: nil, after: "42", effect: "generators start again")
        #expect(
            PlanText.text(ReloadPlan(steps: [step])) == """
                key             before -> after  effect
                generator.seed  not set -> 42    generators start again
                """)
        let broken = ReloadPlan(steps: [], problem: "lofisup.toml:3: unknown key")
        #expect(PlanText.text(broken).hasSuffix("lofisup.toml:3: unknown key"))
    }

    @Test("why tells each end with its evidence, and no more of the log than was asked for")
    func why() {
        let exit = WorkerExit(
            generation: 7, time: 0, uptimeSeconds: 93.2, wasReady: false, cause: "watchdog", exit: "signal 9 (Killed)",
            residentBytes: 91_000_000, openFiles: 14, threads: 4, stack: ["main: do_poll"],
            log: (1...30).map { "line \($0)" })
        let history = WorkerHistory(
            worker: "feeder", state: "backing-off", waiting: "starts again in 3 s", exits: [exit])
        let text = WhyText.text(history, lines: 2)
        #expect(text.hasPrefix("feeder is backing-off: starts again in 3 s\n\n"))
        #expect(text.contains("generation 7 ended after 1:33, before it was ready\n"))
        #expect(text.contains("  cause    watchdog: signal 9 (Killed)\n"))
        #expect(text.contains("  held     91 MB of memory, 14 open files, 4 threads\n"))
        #expect(text.contains("  stood    main: do_poll\n"))
        #expect(text.hasSuffix("the last 2 of 30 lines:\n    | line 29\n    | line 30"))
        #expect(!WhyText.text(history, lines: 0).contains("log"))
    }

    @Test("times are spelled the shorter the smaller they are")
    func times() {
        #expect(Spelling.clock(7.9) == "0:07")
        #expect(Spelling.clock(3723) == "1:02:03")
        #expect(Spelling.clock(3 * 86_400 + 4 * 3600 + 300) == "3d 04:05")
        #expect(Spelling.clock(-1) == "0:00")
        #expect(Spelling.cut("abc", to: 2) == "a…")
        #expect(Spelling.cut("abc", to: 3) == "abc")
    }
}
