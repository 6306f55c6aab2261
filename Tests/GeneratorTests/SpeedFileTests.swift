import Domain
import Forecast
import Foundation
import Platform
import TestSupport
import Testing

@testable import Generator

struct SpeedFileTests {
    @Test("speeds are kept over a restart, per backend, and put on the chain")
    func kept() throws {
        try withTemporaryDirectory { directory in
            let clock = ManualClock(wallSeconds: 1234)
            let file = SpeedFile(directory: directory, clock: clock)
            #expect(file.speeds().isEmpty)
            try file.add(backend: "synth", musicSeconds: 60, workSeconds: 4, tracks: 1)
            try file.add(backend: "audiocraft-small", musicSeconds: 480, workSeconds: 1000, tracks: 8)
            let again = SpeedFile(directory: directory).paces([
                BackendPace(name: "audiocraft-small", batch: 8), BackendPace(name: "other", speed: 3),
                BackendPace(name: "synth"),
            ])
            #expect(again.map(\.speed) == [0.48, 3, 15])
            #expect(again.map(\.tracks) == [8, 0, 1] && again.map(\.batch) == [8, 1, 1])
            #expect(again.first?.isAvailable == true)
            #expect(file.speeds()["synth"]?.measuredAt == 1234)
        }
    }

    @Test(
        "a file that cannot be believed is set aside and begun anew",
        arguments: [
            "{ no", "[]", #"{"version": 2, "backends": {}}"#,
            #"{"version": 1, "backends": {"a": {"music_seconds": -1, "work_seconds": 4, "tracks": 1, "measured_at": 0}}}"#,
        ])
    func broken(text: String) throws {
        try withTemporaryDirectory { directory in
            try text.write(toFile: directory + "/speeds.json", atomically: true, encoding: .utf8)
            let file = SpeedFile(directory: directory)
            #expect(file.speeds().isEmpty)
            try file.add(backend: "synth", musicSeconds: 60, workSeconds: 4, tracks: 1)
            #expect(file.speeds().count == 1)
            #expect(try String(contentsOfFile: directory + "/speeds.json.broken", encoding: .utf8) == text)
        }
    }

    @Test("it stays small: of many backends those measured last are kept")
    func bounded() throws {
        try withTemporaryDirectory { directory in
            let clock = ManualClock()
            let file = SpeedFile(directory: directory, clock: clock)
            for number in 0..<80 {
                clock.advance(seconds: 1)
                try file.add(backend: "b\(number)", musicSeconds: 60, workSeconds: 4, tracks: 1)
            }
            let names = Set(file.speeds().keys)
            #expect(names == Set((16..<80).map { "b\($0)" }))
        }
    }

    @Test("two generators that measure at the same time lose nothing")
    func together() throws {
        try withTemporaryDirectory { directory in
            let done = Monitor(0)
            for _ in 0..<2 {
                NamedThread.start("measure") {
                    let file = SpeedFile(directory: directory)
                    for _ in 0..<20 { try? file.add(backend: "synth", musicSeconds: 60, workSeconds: 4, tracks: 1) }
                    done.withLock { $0 += 1 }
                }
            }
            try eventually(within: 20, "both have measured") { done.read { $0 } == 2 }
            #expect(SpeedFile(directory: directory).speeds()["synth"]?.tracks == 40)
        }
    }
}
