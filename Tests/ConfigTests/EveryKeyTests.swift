import Config
import Domain
import Testing

struct EveryKeyTests {
    /// Every default, as an operator would write it.
    private let defaults = """
        [station]
        name = "lofisup"
        monetised = false
        [generator]
        backends = ["synth"]
        count = 1
        track_seconds = 60
        prompt_seconds = 3600
        loudness_lufs = -16
        true_peak_dbtp = -1.5
        nice = 10
        batch_max = 16
        memory_max = "4GB"
        unload_after_seconds = 600
        [audiocraft]
        precision = "int8"
        device = "auto"
        [buffer]
        target_hours = 24
        max_hours = 30
        healthy_hours = 24
        warning_hours = 12
        critical_hours = 6
        emergency_hours = 2
        hysteresis_hours = 0.1
        healthy_rest_seconds = 300
        warning_rest_seconds = 120
        keep_consumed = 10
        when_depleted = "fallback"
        disk_reserve = "2GB"
        [evergreen]
        max_size = "4GB"
        repeat_after_hours = 6
        [feeder]
        crossfade_seconds = 2
        silence_between_prompts_seconds = 3
        [encoder]
        width = 1280
        height = 720
        frames_per_second = 30
        video_kbps = 2500
        audio_kbps = 160
        cushion_seconds = 12
        hls_segment_seconds = 2
        hls_window_segments = 30
        session_days_max = 20
        [dashboard]
        enabled = true
        host = "127.0.0.1"
        port = 8080
        [render_server]
        host = "127.0.0.1"
        port = 8092
        backends = ["synth"]
        queue_tracks_max = 256
        keep_hours = 48
        disk_max = "20GB"
        [supervisor]
        stop_seconds_max = 20
        restart_first_seconds = 0.5
        restart_max_seconds = 30
        stable_after_seconds = 10
        restart_budget = 8
        restart_budget_seconds = 300
        load_policy = "balanced"
        air_nice = -10
        """

    @Test func `every default written out is the default`() throws {
        #expect(try StationConfig.parse(defaults, fileName: "lofisup.toml") == StationConfig())
        let sample = SampleConfig.text()
        for line in defaults.split(separator: "\n") where !line.hasPrefix("[") {
            #expect(sample.contains("\n#\(line)\n"), "\(line)")
        }
    }

    @Test func `every key sets the property of its name and no other`() throws {
        let config = changed()
        let text = SampleConfig.text(for: config)
        let commentedOut = text.split(separator: "\n").filter {
            $0.count > 1 && $0.hasPrefix("#") && !$0.hasPrefix("# ")
        }
        #expect(commentedOut == [])
        #expect(try StationConfig.parse(text, fileName: "sample") == config)
        #expect(text.contains("# Default: 60.\ntrack_seconds = 7.2\n"))
    }

    /// No property that can have another value has its default.
    private func changed() -> StationConfig {
        var config = StationConfig()
        config.station.name = "Say \"hush\" \\ \u{1F3B6}"
        config.station.monetised = true
        config.generator.backends = ["chimes", "stereo", "synth"]
        config.generator.batchMax = 4
        config.generator.memoryMax = ByteCount(bytes: 3_000_000_000)
        config.generator.unloadAfterSeconds = 60
        config.backends = [
            BackendConfig(name: "chimes", command: ["/opt/chimes", "--say", "\"hush\" \\", ""]),
            BackendConfig(name: "stereo", model: "/srv/models/own"),
        ]
        config.audiocraft.python = "/opt/ac/bin/python"
        config.audiocraft.precision = .fp32
        config.audiocraft.device = .cuda
        config.generator.count = 3
        config.generator.trackSeconds = 7.2
        config.generator.promptSeconds = 720
        config.generator.loudnessLufs = -14
        config.generator.truePeakDbtp = -2
        config.generator.nice = 15
        config.generator.seed = 42
        config.buffer.targetHours = 40
        config.buffer.maxHours = 41
        config.buffer.bands = HealthBands(
            healthyHours: 30, warningHours: 20, criticalHours: 10, emergencyHours: 5, hysteresisHours: 0.5,
            healthyRestSeconds: 100, warningRestSeconds: 50)
        config.buffer.keepConsumed = 11
        config.buffer.whenDepleted = .shutdown
        config.buffer.diskReserve = ByteCount(bytes: 1_234_567)
        config.evergreen.maxSize = ByteCount(bytes: 1 << 30)
        config.evergreen.repeatAfterHours = 7
        config.feeder.crossfadeSeconds = 1
        config.feeder.silenceBetweenPromptsSeconds = 4
        config.encoder.animation = "/srv/rain.mp4"
        config.encoder.width = 1920
        config.encoder.height = 1080
        config.encoder.framesPerSecond = 25
        config.encoder.videoKbps = 4500
        config.encoder.audioKbps = 192
        config.encoder.cushionSeconds = 15
        config.encoder.hlsSegmentSeconds = 4
        config.encoder.hlsWindowSegments = 20
        config.encoder.sessionDaysMax = 5
        config.destinations = [
            Destination(name: "tube", url: "rtmps://a.rtmps.youtube.com/live2", keyFile: "/etc/lofisup/tube.key"),
            Destination(name: "copy", url: "/srv/copy.mkv", enabled: false),
            Destination(name: "own", url: "rtmp://127.0.0.1/live", keyCredential: "own"),
        ]
        config.dashboard.enabled = false
        config.dashboard.host = "::1"
        config.dashboard.port = 0
        config.renderers = [
            RendererConfig(name: "attic", url: "https://attic.example.org", tokenFile: "/etc/lofisup/attic.token"),
            RendererConfig(name: "own", url: "http://127.0.0.1:1"),
        ]
        config.renderers[0].certificateFile = "/etc/lofisup/ca.pem"
        config.renderers[1].tokenCredential = "own"
        config.renderers[1].insecure = true
        config.renderServer.host = "0.0.0.0"
        config.renderServer.port = 0
        config.renderServer.tokenFile = "/etc/lofisup/render.token"
        config.renderServer.backends = ["audiocraft-medium", "synth"]
        config.renderServer.queueTracksMax = 7
        config.renderServer.directory = "/srv/render"
        config.renderServer.keepHours = 1
        config.renderServer.diskMax = ByteCount(bytes: 1_000_000)
        config.supervisor.stopSecondsMax = 10
        config.supervisor.restartFirstSeconds = 1
        config.supervisor.restartMaxSeconds = 40
        config.supervisor.stableAfterSeconds = 90
        config.supervisor.restartBudget = 5
        config.supervisor.restartBudgetSeconds = 600
        config.supervisor.loadPolicy = .gentle
        config.supervisor.airNice = -5
        config.prompts = [Prompt(index: 0, name: "One", text: "bansuri, 60 bpm")]
        return config
    }
}
