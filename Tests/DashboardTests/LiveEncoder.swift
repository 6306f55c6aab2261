import FoundationEssentials
import Glibc
import Platform
import TestSupport

/// An ffmpeg that writes the local HLS as the station's encoder does, in real time: a test picture and a tone.
final class LiveEncoder: Sendable {
    private let process: ChildProcess

    /// - Parameter life: names the init and segment files, as each new life of the encoder does.
    init(directory: String, life: Int) throws {
        guard let ffmpeg = TestTool.path(of: "ffmpeg") else {
            throw TestToolFailure(tool: "ffmpeg", trouble: "is not installed")
        }
        let picture = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30"]
        let tone = ["-re", "-f", "lavfi", "-i", "sine=frequency=\(220 + 110 * life):sample_rate=44100"]
        let codecs = [
            "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-g", "60", "-bf",
            "0",
            "-c:a", "aac", "-b:a", "128k", "-ac", "2",
        ]
        let append = life > 1 ? "+append_list" : ""
        let hls = [
            "-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "2", "-hls_list_size", "30", "-hls_flags",
            "delete_segments+temp_file+independent_segments\(append)", "-hls_fmp4_init_filename", "init\(life).mp4",
            "-hls_segment_filename", "seg\(life)-%05d.m4s", "live.m3u8",
        ]
        process = try ChildProcess(
            path: ffmpeg, arguments: ["-hide_banner", "-loglevel", "error"] + picture + tone + codecs + hls,
            environment: ["PATH": "/usr/bin:/bin"], directory: directory, descriptors: [nil, nil, nil])
    }

    /// As a crash does.
    func kill() {
        process.signal(SIGKILL)
        _ = process.wait(timeoutSeconds: 5)
    }

    deinit { kill() }
}
