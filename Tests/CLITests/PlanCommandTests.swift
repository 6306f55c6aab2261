import Domain
import Forecast
import Foundation
import Platform
import TestSupport
import Testing

@testable import CLI

struct PlanCommandTests {
    private struct Answer: Decodable {
        var forecast: BufferForecast
        var emptiedAt: Double?
        var deadAirHoursUnderShutdown: Double
        var emptyHours: Double
        var samples: [Sample]
        struct Sample: Decodable { var hour: Double }
    }

    /// The elements that are not closed, or not by their own tag.
    private static func unclosed(_ xml: String) -> [Substring] {
        var open: [Substring] = []
        for piece in xml.split(separator: "<") {
            guard let tag = piece.split(separator: ">").first, !tag.hasSuffix("/") else { continue }
            let name = tag.prefix { !$0.isWhitespace }
            if !name.hasPrefix("/") {
                open.append(name)
            } else if open.last == name.dropFirst() {
                open.removeLast()
            } else {
                return open + [name]
            }
        }
        return open
    }

    private func plan(_ words: [String], root: String) throws -> Command {
        try Command(["plan", "--root", root] + words, timeoutSeconds: 60)
    }

    @Test("a week at 0.42 is a picture, and the words say when each state begins and how long the air is dead")
    func week() throws {
        try withTemporaryDirectory { root in
            let told = try plan(["--backend-speed", "0.42", "--hours", "168"], root: root)
            #expect(told.exit == .code(0), "\(told.errors)")
            #expect(told.output.contains("forecast  empty in 41 h; never ahead: add fallback or a renderer"))
            #expect(told.output.contains("CRITICAL begins") && told.output.contains("DEPLETED begins"))
            #expect(told.output.contains("under when_depleted = \"shutdown\"") && told.output.contains("█"))
            #expect(!told.output.contains("\u{1B}"), "no colours where nobody looks")
            #expect(told.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(told.output)")
            let json = try plan(["--backend-speed", "0.42", "--hours", "168", "--json"], root: root)
            let answer = try StationJSON.decode(Answer.self, from: Data(json.output.utf8))
            #expect(abs((answer.emptiedAt ?? 0) - 24 / 0.58) < 0.2)
            #expect(answer.deadAirHoursUnderShutdown > 70 && answer.emptyHours > 70)
            #expect((900...1100).contains(answer.samples.count))
        }
    }

    @Test("with a fallback the air is never dead, it says when that takes over, and the picture is well-formed SVG")
    func fallback() throws {
        try withTemporaryDirectory { root in
            let file = root + "/plan.svg"
            let words = ["--backend-speed", "0.42", "--batch", "8", "--fallback-speed", "15", "--out", file]
            let told = try plan(words, root: root)
            #expect(told.exit == .code(0), "\(told.errors)")
            #expect(told.output.contains("fallback takes over at 12."), "\(told.output)")
            #expect(told.output.contains("dead air  0.0 h"))
            #expect(told.output.contains("1 backend, 2 fallback"))
            let svg = try String(contentsOfFile: file, encoding: .utf8)
            #expect(svg.contains("fallback takes over") && svg.contains("polyline"))
            #expect(Self.unclosed(svg) == [])
            let again = try plan(words, root: root)
            #expect(again.exit == .code(1) && again.errors.contains("exists and was left as it is"))
        }
    }

    @Test("without a speed it takes the station's own, or says that there is none")
    func measured() throws {
        try withTemporaryDirectory { root in
            let none = try plan([], root: root)
            #expect(none.exit == .code(1) && none.errors.contains("no track of synth has been measured here yet"))
            try FileManager.default.createDirectory(atPath: root + "/state", withIntermediateDirectories: true)
            try """
            {"version": 1, "backends": {"synth":
              {"music_seconds": 600, "work_seconds": 40, "tracks": 10, "measured_at": 1}}}
            """.write(toFile: root + "/state/speeds.json", atomically: true, encoding: .utf8)
            let told = try plan(["--hours", "48"], root: root)
            #expect(told.exit == .code(0) && told.output.contains("by synth, at 15 x real time"), "\(told.output)")
        }
    }

    @Test(
        "wrong figures end with 64",
        arguments: [
            ["--backend-speed", "0"], ["--backend-speed", "-1"], ["--fallback-speed", "3"], ["--hours", "0"],
            ["--backend-speed", "1", "--batch", "0"], ["--backend-speed", "1", "--generators", "11"],
        ])
    func usage(words: [String]) throws {
        #expect(try Command(["plan"] + words).exit == .code(64))
    }

    @Test("the picture is as wide as it was told, at every width", arguments: [20, 40, 80, 133, 400])
    func width(columns: Int) {
        let report = PlanReport(
            policy: .init(), backends: [BackendPace(name: "a", speed: 0.42, tracks: 1)], bufferHours: 24, hours: 60,
            leavesAir: false)
        let lines = PlanChart(width: columns, isColoured: false).lines(report)
        #expect(lines.map(\.count).max() ?? 0 <= max(30, columns))
        let coloured = PlanChart(width: columns, isColoured: true).lines(report)
        #expect(coloured.first { $0.contains("\u{1B}[35m") } != nil, "DEPLETED has its colour")
    }
}
