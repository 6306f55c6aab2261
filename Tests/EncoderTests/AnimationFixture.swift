import Encoder
import FoundationEssentials
import Glibc
import Platform
import Testing

/// The tools, and a directory that goes with the test.
struct AnimationFixture: Sendable {
    let directory: String
    let ffmpeg: Tool
    let ffprobe: Tool
    let checksum: Checksum
    /// Fails whatever it is asked.
    let broken: Tool

    /// Small, so that a test is fast; 10 frames a second make a group of 20.
    static let small = PictureFormat(width: 160, height: 90, framesPerSecond: 10, videoKbps: 100)

    static func scoped(_ body: (AnimationFixture) throws -> Void) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/lofisup-animation-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let directory = String(cString: made)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let searchPath = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        try body(
            AnimationFixture(
                directory: directory, ffmpeg: Tool("ffmpeg", searchPath: searchPath),
                ffprobe: Tool("ffprobe", searchPath: searchPath, package: "ffmpeg"),
                checksum: Checksum(searchPath: searchPath), broken: Tool("false", searchPath: searchPath)))
    }

    var cacheDirectory: String { "\(directory)/cache" }
    var library: AnimationLibrary {
        AnimationLibrary(cacheDirectory: cacheDirectory, ffmpeg: ffmpeg, ffprobe: ffprobe, checksum: checksum)
    }
    /// Answers only from the cache.
    var libraryWithoutTools: AnimationLibrary {
        AnimationLibrary(cacheDirectory: cacheDirectory, ffmpeg: broken, ffprobe: broken, checksum: checksum)
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Runs ffmpeg; the last argument is a name in the directory. Gives its path.
    @discardableResult
    func make(_ arguments: String..., named name: String) throws -> String {
        let words = arguments.flatMap { $0.split(separator: " ").map(String.init) }
        _ = try output(of: ffmpeg, ["-v", "error", "-y"] + words + [path(name)])
        return path(name)
    }

    func write(_ bytes: [UInt8], named name: String) throws -> String {
        try FileDescriptor.open(path(name), O_WRONLY | O_CREAT | O_TRUNC).write(all: bytes)
        return path(name)
    }

    func read(_ path: String) throws -> [UInt8] { try #require(try Files.read(path, bytesMax: 64 << 20)) }

    /// What a tool wrote to its standard output; it must end with 0.
    func output(of tool: Tool, _ arguments: [String]) throws -> [UInt8] {
        try tool.run(arguments, limits: ToolLimits(stdoutBytesMax: 64 << 20)).stdout
    }

    /// One entry a line, as ffprobe writes csv without section names.
    func probe(_ path: String, entries: String, more: [String] = []) throws -> [String] {
        let said = try output(
            of: ffprobe, ["-v", "error"] + more + ["-show_entries", entries, "-of", "csv=p=0:nk=1", path])
        return String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// One frame of a film as packed RGB.
    func picture(of path: String, frame: Int, width: Int, height: Int) throws -> [UInt8] {
        let pixels = try output(
            of: ffmpeg,
            ["-v", "error", "-i", path, "-vf", "select=eq(n\\,\(frame)),scale=in_color_matrix=bt709", "-frames:v", "1"]
                + ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        try #require(pixels.count == width * height * 3)
        return pixels
    }
}

extension AnimationFixture {
    /// Mean difference of two pictures, in steps of 255.
    static func difference(_ a: [UInt8], _ b: [UInt8]) -> Double {
        guard a.count == b.count, !a.isEmpty else { return 255 }
        return Double(zip(a, b).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(a.count)
    }
}
