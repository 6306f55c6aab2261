import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@testable import Backends

/// What a render server owes its clients over its own deaths.
@Suite("A render server that is killed and started again", .timeLimit(.minutes(3)))
struct RenderServerLifeTests {
    @Test func `A job that was under way when the server was killed is finished after the next start`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root) { server in
                let client = try Self.client(of: server)
                _ = try client.put("long", Self.job(items: 6, seconds: 60), isCancelled: { false })
                var before: RenderJobView?
                try eventually(within: 60, "one track of several is there") {
                    before = try client.look("long", waitSeconds: 1, seen: nil, isCancelled: { false })
                    return !(before?.tracks.isEmpty ?? true)
                }
                server.kill()
                try server.start()
                var after: RenderJobView?
                try eventually(within: 100, "the job is done") {
                    after = try client.look("long", waitSeconds: 2, seen: nil, isCancelled: { false })
                    return after?.state == .done
                }
                let view = try #require(after)
                #expect(view.tracks.map(\.id).sorted() == (0..<6).map { "\($0)" })
                // What was done was not done again: how long it took is that of the first time.
                let first = try #require(before?.tracks.first)
                #expect(view.tracks.first { $0.id == first.id } == first)
                for track in view.tracks {
                    try client.fetch(track, of: "long", to: "\(root)/\(track.id)", isCancelled: { false })
                    #expect(RendererClient.bytes(of: "\(root)/\(track.id)") == track.bytes)
                }
            }
        }
    }

    @Test func `A job that ends the server each time is given up, and the next one is served`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root) { server in
                let client = try Self.client(of: server)
                _ = try client.put("deadly", Self.job(items: 1, seconds: 3600), isCancelled: { false })
                for _ in 0..<3 {
                    try eventually(within: 20, "it is under way") {
                        try client.look("deadly", waitSeconds: 0, seen: nil, isCancelled: { false }).state == .rendering
                    }
                    server.kill()
                    try server.start()
                }
                let view = try client.look("deadly", waitSeconds: 0, seen: nil, isCancelled: { false })
                #expect(view.state == .failed)
                #expect(view.failed.first?.why.contains("3 times") ?? false)
                _ = try client.put("harmless", Self.job(items: 1, seconds: 5), isCancelled: { false })
                try eventually(within: 20, "the next job is done") {
                    try client.look("harmless", waitSeconds: 1, seen: nil, isCancelled: { false }).state == .done
                }
            }
        }
    }

    @Test func `A server that is told to stop does so at once, and its work counts as no failure`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root) { server in
                let client = try Self.client(of: server)
                _ = try client.put("long", Self.job(items: 1, seconds: 600), isCancelled: { false })
                for _ in 0..<4 {
                    try eventually(within: 20, "it is under way") {
                        try client.look("long", waitSeconds: 0, seen: nil, isCancelled: { false }).state == .rendering
                    }
                    #expect(server.stop() == .code(0))
                    try server.start()
                }
                let view = try client.look("long", waitSeconds: 0, seen: nil, isCancelled: { false })
                #expect(view.failed == [])
                #expect(!view.state.isOver)
            }
        }
    }

    @Test func `What lies broken in its directory is removed, and the rest is served`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root) { server in
                let client = try Self.client(of: server)
                _ = try client.put("good", Self.job(items: 2, seconds: 5), isCancelled: { false })
                try eventually(within: 20, "the job is done") {
                    try client.look("good", waitSeconds: 1, seen: nil, isCancelled: { false }).state == .done
                }
                server.kill()
                let jobs = root + "/state/render/jobs"
                try FileManager.default.createDirectory(atPath: jobs + "/torn", withIntermediateDirectories: true)
                try Data("{\"id\":\"torn\",".utf8).write(to: URL(filePath: jobs + "/torn/job.json"))
                // A track of which a power cut left a half.
                #expect(truncate(jobs + "/good/1.track", 1000) == 0)
                try server.start()
                #expect(throws: RendererError.noSuchJob) {
                    try client.look("torn", waitSeconds: 0, seen: nil, isCancelled: { false })
                }
                try eventually(within: 20, "the half track is made again") {
                    try client.look("good", waitSeconds: 1, seen: nil, isCancelled: { false }).state == .done
                }
                let view = try client.look("good", waitSeconds: 0, seen: nil, isCancelled: { false })
                for track in view.tracks {
                    try client.fetch(track, of: "good", to: "\(root)/\(track.id)", isCancelled: { false })
                    #expect(RendererClient.bytes(of: "\(root)/\(track.id)") == track.bytes)
                }
                #expect(server.log.contains("torn: no job that can be read"))
            }
        }
    }

    @Test func `Jobs nobody comes for are removed in time, and a second server keeps out`() throws {
        try withTemporaryDirectory { root in
            // Not quite four seconds; looked at now and then, and at each start.
            try RenderServerProcess.run(root: root, settings: "keep_hours = 0.001") { server in
                let client = try Self.client(of: server)
                _ = try client.put("old", Self.job(items: 1, seconds: 5), isCancelled: { false })
                try eventually(within: 20, "the job is done") {
                    try client.look("old", waitSeconds: 1, seen: nil, isCancelled: { false }).state == .done
                }
                let second = try Command(["render-server", "--root", root])
                #expect(second.exit == .code(1))
                #expect(second.errors.contains("another render server works here"))
                try eventually(within: 30, "the job is removed", pollSeconds: 1) {
                    server.kill()
                    try server.start()
                    return !FileManager.default.fileExists(atPath: root + "/state/render/jobs/old")
                }
            }
        }
    }

    private static func client(of server: RenderServerProcess) throws -> RendererClient {
        let config = try RemoteStation(root: server.root + "/station", server).renderers[0]
        return try #require(RendererClient(config: config, environment: RemoteStation.environment))
    }

    private static func job(items: Int, seconds: Double) -> RenderJobRequest {
        RenderJobRequest(
            items: (0..<items).map { place in
                RenderItem(
                    id: "\(place)", prompt: RenderItem.Prompt(index: 0, name: "Rain", text: "rain"), seconds: seconds,
                    seed: "\(place + 1)", turn: "a", position: place, continues: [])
            })
    }
}
