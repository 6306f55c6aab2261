import Backends
import Buffer
import Config
import Domain
import Foundation
import Platform
import TestSupport
import Testing

@testable import Feeder

@Suite(.enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct ProgrammeTests {
    @Test("a Buffer that cannot be written to is played all the same")
    func unwritableBuffer() throws {
        try withTemporaryDirectory { root in
            let rules = BufferRules(trackSeconds: 1, promptSeconds: 10, lockWaitSeconds: 0.05)
            let buffer = try BufferDirectory(root: root, rules: rules)
            for _ in 0..<3 {
                let slot = try buffer.reserve()
                try NumberedTrack.write(0..<44_100, to: slot.stagedFile)
                let provenance = Provenance(backend: "test", seed: 0, renderSeconds: 0)
                _ = try buffer.commit(slot, frames: 44_100, title: "Track \(slot.number)", provenance: provenance)
            }
            let fallback = try FallbackComposer(
                directory: root + "/fallback", rules: AdmissionRules(),
                searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "", cancellation: Cancellation()
            ) {}
            let programme = Programme(buffer: buffer, config: StationConfig(), fallback: fallback)
            // As a process does that was stopped in the middle of a change; a full disk is refused at the same place.
            let held = try #require(try FileLock.attempt(buffer.path + "/buffer.lock"))
            var numbers: [Int?] = []
            for _ in 0..<3 {
                guard case .play(let pick) = try programme.next() else { break }
                numbers.append(pick.number)
            }
            withExtendedLifetime(held) {}
            #expect(numbers == [1, 2, 3])
        }
    }
}
