internal import Config
internal import Domain

/// What ffmpeg is told, in one place.
enum FFmpegArguments {
    /// The encoder proper: the loop copied, PCM from standard input to AAC, FLV to standard output. `-re` on both
    /// inputs makes ffmpeg the station's clock; it catches up by itself after it was held up.
    static func encode(animation: String, audioKbps: Int) -> [String] {
        ["-hide_banner", "-loglevel", "error", "-nostats"]
            + ["-re", "-stream_loop", "-1", "-i", animation]
            + ["-re", "-f", "s16le", "-ar", String(StationAudio.framesPerSecond), "-ac", "2", "-i", "pipe:0"]
            + ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "\(audioKbps)k", "-shortest"]
            + ["-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"]
    }

    /// The station's own HLS in `directory`: fragmented MP4, which browsers play through Media Source Extensions.
    static func hls(directory: String, segmentSeconds: Double, windowSegments: Int) -> [String] {
        ["-f", "hls", "-hls_time", String(segmentSeconds), "-hls_list_size", String(windowSegments)]
            + ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4"]
            + ["-hls_flags", "delete_segments+append_list+omit_endlist+independent_segments+temp_file"]
            + ["-hls_segment_filename", directory + "/seg%d.m4s", directory + "/live.m3u8"]
    }

    /// A destination of the operator's.
    static func output(for destination: Destination) -> [String] {
        switch destination.kind {
        case .rtmp:
            // A dead peer ends the process; the relay connects again.
            ["-rw_timeout", "6000000", "-flvflags", "no_duration_filesize", "-f", "flv", destination.url]
        case .srt: ["-f", "mpegts", destination.url]
        case .icecast: ["-vn", "-content_type", "audio/aac", "-f", "adts", destination.url]
        case .file, nil: output(file: destination.url)
        }
    }

    /// A recording, never over a file that is there.
    static func output(file: String) -> [String] { ["-n", file] }

    /// The ffmpeg preset that carries a destination's key. ffmpeg reads it from a descriptor, so that the key is in
    /// no argument and in no file.
    static func preset(for destination: Destination, key: Secret) -> [UInt8] {
        switch destination.kind {
        case .rtmp: line("rtmp_playpath", key.revealed)
        case .srt: line("passphrase", key.revealed)
        // ffmpeg makes a URL of it, in which a password with @ or / would break, and its parts be named in errors.
        case .icecast: line("password", key.percentEncoded)
        case .file, nil: []
        }
    }

    private static func line(_ option: String, _ value: String) -> [UInt8] { Array("\(option)=\(value)\n".utf8) }
}
