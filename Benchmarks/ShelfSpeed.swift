import Buffer
import Domain
import Foundation
import Glibc
import Platform

/// How long the Buffer takes to append and to consume, with a day's and with ten days' tracks on it.
enum ShelfSpeed {
    private static let rules = BufferRules(trackSeconds: 1, promptSeconds: 60, diskReserveBytes: 0)
    // Short, so that ten days of entries need little disk: the Buffer moves tracks and does not look into them.
    private static let frames = 441

    static func measure(_ bench: Workbench) throws -> Table {
        var table = Table(
            "The Buffer",
            "Milliseconds of wall-clock time, and of CPU time in the last column but one. One object appends (reserve and commit of a finished, short WAV) and"
                + " another consumes (take and mark as aired), turn by turn as a generator and a feeder do, so each"
                + " reads what the other has written. Nothing is left out: every fsync and every file is real.",
            columns: ["entries", "what", "median", "p95", "least–most", "CPU median", "times"])
        for shelf in bench.settings.shelves {
            bench.say("buffer: \(shelf.entries) entries")
            let root = "\(bench.directory)/shelf-\(shelf.entries)"
            try Files.makeDirectory(root)
            defer { try? FileManager.default.removeItem(atPath: root) }
            try fill(root, entries: shelf.entries)
            let (appended, consumed, bytes) = try run(bench, root: root, times: shelf.times)
            let bare = try writeAndSync(root + "/bare", bytes: bytes, times: shelf.times)
            func add(_ what: String, _ costs: [Cost]) {
                let spread = Spread(costs.map(\.wall))
                table.add(
                    String(shelf.entries), what, spread.median.text(1), spread.quantile(0.95).text(1),
                    "\(spread.least.text(1))–\(spread.most.text(1))", Spread(costs.map(\.cpu)).median.text(1),
                    String(spread.count))
            }
            add("append", appended)
            add("consume", consumed)
            add("for comparison: write and fsync \(bytes.mebibytes.text(1)) MiB (its metadata)", bare)
        }
        return table
    }

    private static func run(
        _ bench: Workbench, root: String, times: Int
    ) throws -> (appended: [Cost], consumed: [Cost], metadataBytes: Int) {
        let generator = try BufferDirectory(root: root, rules: rules)
        let feeder = try BufferDirectory(root: root, rules: rules)
        let template = root + "/template.wav"
        try writeTrack(template)
        var appended: [Cost] = []
        var consumed: [Cost] = []
        var last: Int?
        for _ in 0..<times {
            if bench.pace.stop.isGiven { throw Pace.Interrupted() }
            var cost = Cost()
            let slot = try cost.adding { try generator.reserve() }
            try FileManager.default.copyItem(atPath: template, toPath: slot.stagedFile)
            _ = try cost.adding {
                try generator.commit(
                    slot, frames: frames, title: title(slot.number), provenance: provenance(slot.number))
            }
            appended.append(cost)
            cost = Cost()
            try cost.adding {
                guard let track = try feeder.take(after: last) else { return }
                try feeder.markConsumed(through: track.number, airedAtWallSeconds: 1_800_000_000)
                last = track.number
            }
            consumed.append(cost)
        }
        let metadata = try Files.stamp(generator.path + "/buffer_metadata.json")
        return (appended, consumed, metadata?.bytes ?? 0)
    }

    /// Makes a Buffer with that many ready tracks: their files first, from which the Buffer makes its entries, then
    /// the title and the provenance that real entries have. Appending them one by one would take hours.
    private static func fill(_ root: String, entries: Int) throws {
        let buffer = root + "/audio_buffer"
        try Files.makeDirectory(buffer)
        let template = root + "/first.wav"
        try writeTrack(template)
        let bytes = try Files.read(template, bytesMax: 1 << 20) ?? []
        for number in 1...entries {
            let digits = String(number)
            let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            let file = "\(buffer)/chunk_\(padded)_prompt_\((number - 1) / 60 % 10)_0s.wav"
            try FileDescriptor.open(file, O_WRONLY | O_CREAT).write(all: bytes)
        }
        _ = try BufferDirectory(root: root, rules: rules)
        let metadata = buffer + "/buffer_metadata.json"
        let text = try Data(contentsOf: URL(filePath: metadata))
        guard var record = try JSONSerialization.jsonObject(with: text) as? [String: Any],
            var tracks = record["tracks"] as? [[String: Any]]
        else { throw UnknownMetadata() }
        for index in tracks.indices {
            let origin = try StationJSON.encode(provenance(index + 1))
            tracks[index]["title"] = title(index + 1)
            tracks[index]["provenance"] = try JSONSerialization.jsonObject(with: origin)
        }
        record["tracks"] = tracks
        try JSONSerialization.data(withJSONObject: record).write(to: URL(filePath: metadata))
        let reopened = try BufferDirectory(root: root, rules: rules)
        let last = try reopened.track(number: entries)
        guard reopened.openingReport.isClean, last?.provenance?.sha256 != nil else { throw UnknownMetadata() }
    }

    private static func writeTrack(_ path: String) throws {
        let wav = try WAVWriter(path: path, format: .station)
        try wav.append([Int16](repeating: 1000, count: frames * StationAudio.channels))
        try wav.close()
    }

    private static func writeAndSync(_ path: String, bytes: Int, times: Int) throws -> [Cost] {
        let content = [UInt8](repeating: 0x20, count: bytes)
        return try (0..<times).map { _ in
            var cost = Cost()
            try cost.adding {
                let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
                try file.write(all: content)
                try retrying("fsync") { fsync(file.number) }
            }
            return cost
        }
    }

    /// What something took, in milliseconds.
    private struct Cost {
        var wall = 0.0
        /// Of this thread, which does all of it.
        var cpu = 0.0

        mutating func adding<Result>(_ work: () throws -> Result) rethrows -> Result {
            let clock = SystemClock()
            let before = (wall: clock.monotonicSeconds, cpu: CPUClock.thread)
            let result = try work()
            wall += (clock.monotonicSeconds - before.wall) * 1000
            cpu += (CPUClock.thread - before.cpu) * 1000
            return result
        }
    }

    private static func title(_ number: Int) -> String { "Rainy evening on a Mumbai balcony · \(number)" }

    private static func provenance(_ number: Int) -> Provenance {
        let digits = String(number, radix: 16)
        return Provenance(
            backend: "synth", model: "lofisup synth 1.0", seed: 0x1234_5678_9ABC + UInt64(number),
            renderSeconds: 4.25, loudnessLufs: -16.1, truePeakDbtp: -1.6,
            sha256: String(repeating: "a", count: 64 - digits.count) + digits)
    }

    private struct UnknownMetadata: Error, CustomStringConvertible {
        var description: String { "the Buffer's metadata is not as this benchmark knows it" }
    }
}
