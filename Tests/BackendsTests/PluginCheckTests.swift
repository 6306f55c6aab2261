import Domain
import Platform
import TestSupport
import Testing

@testable import Backends

@Suite(.serialized)
struct PluginCheckTests {
    /// - Parameter requirement: only what is about it is tried; nil: everything.
    private func findings(_ mode: String..., about requirement: String? = nil) throws -> [PluginCheck.Finding] {
        var found: [PluginCheck.Finding] = []
        try withTemporaryDirectory { directory in
            var limits = PluginLimits.short
            limits.describeSeconds = 3
            limits.silenceSeconds = 3
            let check = PluginCheck(
                command: PluginCommand(
                    path: PluginUnderTest.executable, arguments: mode,
                    environment: ["PATH": machinePath, "SWIFT_BACKTRACE": "enable=no"]),
                ffmpeg: try FFmpeg(searchPath: machinePath), prompt: Prompt(index: 0, name: "One", text: "rain"),
                seconds: 3, limits: limits)
            let trials = PluginCheck.trials.filter { requirement == nil || $0.requirement == requirement }
            let isSound = try check.run(trials, in: directory, cancellation: Cancellation()) { found.append($0) }
            #expect(isSound == !found.contains { $0.verdict == .broken })
            #expect(try Files.names(in: directory).isEmpty)
        }
        #expect(PluginUnderTest.processes().isEmpty)
        return found
    }

    private func broken(_ findings: [PluginCheck.Finding]) -> [String] {
        findings.filter { $0.verdict == .broken }.map(\.requirement)
    }

    @Test func `a plug-in that keeps to the page but claims what it does not do is told what, and what to do`() throws {
        let found = try findings("good")
        // It says that it goes on from earlier tracks, and never does.
        #expect(broken(found) == ["a track goes on from an earlier one of its turn"])
        let finding = try #require(found.first { $0.verdict == .broken })
        #expect(finding.seen == "it began fresh, with position 0 at hand")
        #expect(finding.advice?.contains("say in `continued` where you went on") == true)
        #expect(found.count == PluginCheck.trials.count + 1)
    }

    @Test(
        "every fault is found by the trial that is about it",
        arguments: [
            ("litters", "nothing but its tracks is left where it was told to write"),
            ("short", "a track is an audio file that decodes and has the length asked for"),
            ("not-numbers", "a track is an audio file that decodes and has the length asked for"),
            ("not-audio", "a track is an audio file that decodes and has the length asked for"),
            ("twice", "a batch is handed over track by track, each item once"),
            ("forgets-one", "a batch is handed over track by track, each item once"),
            ("silent-load", "load makes it ready, and says how far it is at least every 60 s"),
            ("ignores-end", "it ends with 0 within 5 s of the socket's end, and nothing of it stays"),
            ("same-for-all", "the same item gives the same sound, and another seed another"),
            ("answers-all", "an unknown method is refused with -32601, an unknown notification is passed over"),
            ("falls-over-garbage", "a line that is no JSON does not bring it down"),
        ])
    func faults(mode: String, requirement: String) throws {
        #expect(broken(try findings(mode, about: requirement)) == [requirement])
    }

    @Test func `one that does not heed cancel is found out`() throws {
        let requirement = "cancel ends a request within 10 s, and the next one works"
        #expect(broken(try findings("slow", "deaf", about: requirement)) == [requirement])
    }

    @Test func `one that does not even start is told in one finding`() throws {
        let found = try findings("crash-describe")
        #expect(found.count == 1 && found[0].verdict == .broken)
        #expect(found[0].seen.hasPrefix("it ended (signal 6 (Aborted)) during describe"))
    }
}
