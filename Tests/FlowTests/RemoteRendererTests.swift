import Domain
import Foundation
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// A station that has its music from another machine, which goes away and comes back.
@Suite("A station with a renderer", .timeLimit(.minutes(4)), .enabled(if: TestTool.hasFFmpeg, "needs ffmpeg"))
struct RemoteRendererTests {
    @Test func `The renderer dies and comes back, and the generator with it, and no track is lost or doubled`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/renderer") { renderer in
                let config = StationFile(sections: try Self.sections(renderer))
                let home = root + "/station"
                try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
                try StationUnderTest.run(root: home, config: config) { station in
                    try eventually(within: 90, "tracks come from the renderer", pollSeconds: 0.2) {
                        Self.makers(of: home).values.contains { $0 == "remote" }
                    }
                    renderer.kill()
                    try eventually(within: 90, "the synth takes over", pollSeconds: 0.2) {
                        Self.makers(of: home).values.contains { $0 == "synth" }
                    }
                    try renderer.start()
                    let before = Self.makers(of: home).filter { $0.value == "remote" }.count
                    try eventually(within: 120, "tracks come from the renderer again", pollSeconds: 0.2) {
                        Self.makers(of: home).filter { $0.value == "remote" }.count > before
                    }
                    // The station's own end of it dies, in the middle of a batch or not.
                    let count = Self.makers(of: home).count
                    try station.signal("generator", SIGKILL)
                    try eventually(within: 90, "it goes on after the generator's death", pollSeconds: 0.2) {
                        Self.makers(of: home).count > count + 1
                    }
                    // Those that are under way fill their places soon.
                    try eventually(within: 60, "no number is left out", pollSeconds: 0.2) {
                        let made = Self.makers(of: home).keys.sorted()
                        return made == Array((made.first ?? 0)...(made.last ?? 0))
                    }
                    #expect(station.log.contains("renderer attic: it does not answer"))
                    #expect(try station.status().onAir)
                    #expect(station.stop() == .code(0))
                }
            }
        }
    }

    private static func sections(_ renderer: RenderServerProcess) throws -> String {
        """
        [generator]
        backends = ["remote", "synth"]
        track_seconds = 20
        prompt_seconds = 600
        [buffer]
        healthy_rest_seconds = 0
        warning_rest_seconds = 0
        disk_reserve = "1 MB"
        [dashboard]
        port = \(try Loopback.freePort())
        [[renderers]]
        name = "attic"
        url = "\(renderer.url)"
        token_file = "\(renderer.tokenFile)"
        """
    }

    /// The backend of each track that was ever on the Buffer of the station in `home`, by number.
    private static func makers(of home: String) -> [Int: String] {
        // Replaced whole with each change.
        let file = home + "/state/audio_buffer/buffer_metadata.json"
        guard let data = FileManager.default.contents(atPath: file),
            let record = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let tracks = record["tracks"] as? [[String: Any]]
        else { return [:] }
        var found: [Int: String] = [:]
        for track in tracks {
            guard let number = track["number"] as? Int, let origin = track["provenance"] as? [String: Any] else {
                continue
            }
            found[number] = origin["backend"] as? String
        }
        return found
    }
}
