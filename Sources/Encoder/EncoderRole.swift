public import Config
internal import Domain
internal import Glibc
public import IPC
internal import Platform

/// The encoder: always has sound for ffmpeg, and serves every destination.
public final class EncoderRole: Sendable {
    private struct Work {
        /// Grows with every step that is not a packet: waiting off the air is work too.
        var steps = 0
        var activity = "starting"
    }

    private let config: StationConfig
    private let paths: StationPaths
    private let link: WorkerLink
    private let environment: [String: String]
    private let clock: any StationClock = SystemClock()
    private let broadcast = Broadcast()
    private let timeline = Monitor(BroadcastTimeline())
    private let lateness = Monitor(LatenessMeter())
    private let run = Monitor<EncodeRun?>(nil)
    private let work = Monitor(Work())

    // ffmpeg puts something out 70 times a second; its first packet takes longer on a busy machine.
    private static let stallSecondsMax = 3.0
    private static let firstPacketSecondsMax = 12.0
    /// How long a start waits for the feeder before the pad goes on the air.
    private static let startSecondsMax = 15.0

    public init(config: StationConfig, paths: StationPaths, link: WorkerLink, environment: [String: String]) {
        self.config = config
        self.paths = paths
        self.link = link
        self.environment = environment
    }

    /// Serves until the link says stop.
    /// - Throws: what makes a start impossible: no ffmpeg, a bad animation, a directory that cannot be written.
    public func serve() throws {
        let path = environment["PATH"] ?? ""
        let ffmpeg = try Tool("ffmpeg", searchPath: path)
        let outlets = outlets(ffmpeg: ffmpeg.path)
        link.serve(onReload: { order in
            // Only the destinations: a change of anything else needs a new encoder, which is the supervisor's to say.
            outlets.replace(with: try StationConfig.load(file: order.config, mustExist: true).destinations)
        })
        let animation = try prepareAnimation(ffmpeg: ffmpeg, searchPath: path)
        // Whoever has the socket is the station's encoder: one that outlived its supervisor keeps it until it has
        // written down where it stopped.
        let feed = try FeedServer(path: paths.feedSocket, stop: link.stop)
        let playhead = try Playhead(path: paths.playheadFile)
        let resume = playhead.load()
        let cushion = Cushion(
            cushionSeconds: config.encoder.cushionSeconds, startFrame: resume?.frame ?? 0, marks: resume?.marks ?? [])
        feed.start(cushion)
        outlets.open()
        link.ready()
        NamedThread.start("report") { [self] in
            while !link.stop.wait(seconds: 0.5) {
                playhead.save(frame: cushion.heardFrame, marks: cushion.marksFromHeard)
                let report = report(cushion: cushion, outlets: outlets)
                if !link.report(report), let late = report.latenessSeconds { lateness.withLock { $0.putBack(late) } }
            }
        }
        while !link.stop.isGiven {
            if !awaitProgramme(cushion) { break }
            outlets.open()
            stayOnAir(cushion, playhead: playhead, ffmpeg: ffmpeg.path, animation: animation)
            if !link.stop.isGiven {
                // Off the air by policy: the destinations are told so, and see a clean end.
                outlets.close()
                broadcast.rest()
            }
        }
        outlets.close()
        playhead.save(frame: cushion.heardFrame, marks: cushion.marksFromHeard)
        feed.close()
    }

    private func prepareAnimation(ffmpeg: Tool, searchPath: String) throws -> String {
        say("preparing the picture")
        let format = PictureFormat(
            width: config.encoder.width, height: config.encoder.height,
            framesPerSecond: config.encoder.framesPerSecond, videoKbps: config.encoder.videoKbps)
        let library = AnimationLibrary(
            cacheDirectory: paths.cacheDirectory, ffmpeg: ffmpeg,
            ffprobe: try Tool("ffprobe", searchPath: searchPath, package: "ffmpeg"),
            checksum: try Checksum(searchPath: searchPath))
        let prepared = try library.prepare(
            operatorFile: config.encoder.animation, format: format,
            progress: { [self] done in
                say("preparing the picture, \(Int(done * 100)) %")
                let (progress, activity) = work.read { ($0.steps, $0.activity) }
                link.report(WorkerReport(progress: progress, activity: activity, onAir: false))
            }, isCancelled: { [link] in link.stop.isGiven })
        return prepared.path
    }

    /// Waits for sound to begin with. False when the stop came first.
    private func awaitProgramme(_ cushion: Cushion) -> Bool {
        var began = clock.monotonicSeconds
        let wanted = StationAudio.frames(inSeconds: 2)
        while !link.stop.isGiven {
            let waiting = cushion.waitingFrames
            if cushion.isOffAir {
                say("off the air: the buffer is depleted")
                // All that there is came at once, and its end with it: it is played before the air is left.
                if waiting > 0 { return true }
                began = clock.monotonicSeconds
            } else {
                say("waiting for the feeder")
                if waiting >= wanted { return true }
                if clock.monotonicSeconds - began > Self.startSecondsMax { return true }
            }
            link.stop.wait(seconds: 0.1)
        }
        return false
    }

    /// Runs ffmpeg, one life after another, until the stop or until the feeder has ended the programme.
    private func stayOnAir(_ cushion: Cushion, playhead: Playhead, ffmpeg: String, animation: String) {
        var failures = 0
        var beginning = EncodeRun.Beginning()
        let arguments = FFmpegArguments.encode(animation: animation, audioKbps: config.encoder.audioKbps)
        while !link.stop.isGiven, !cushion.isDrainedForOffAir {
            let began = clock.monotonicSeconds
            let reason: String
            var padFrame: Int?
            do {
                let life = try EncodeRun(
                    ffmpeg: ffmpeg, arguments: arguments, environment: environment, cushion: cushion,
                    beginning: beginning, clock: clock)
                run.withLock { $0 = life }
                say("encoding")
                reason = life.supervise(
                    timeline: timeline, lateness: lateness, broadcast: broadcast,
                    startSecondsMax: Self.firstPacketSecondsMax, stallSecondsMax: Self.stallSecondsMax
                ) { link.stop.isGiven || cushion.isDrainedForOffAir }
                padFrame = life.padFrameHeard
            } catch {
                reason = error.description
            }
            run.withLock { $0 = nil }
            playhead.save(frame: cushion.heardFrame, marks: cushion.marksFromHeard)
            if link.stop.isGiven || cushion.isDrainedForOffAir { return }
            beginning = EncodeRun.Beginning(goingOnWith: cushion, padFrame: padFrame)
            failures = clock.monotonicSeconds - began > 30 ? 1 : failures + 1
            let pause = failures == 1 ? 0 : min(5, 0.2 * Double(1 << min(failures, 8))) * Double.random(in: 0.5...1)
            Log.warning("\(reason); starting ffmpeg again")
            say("starting ffmpeg again: \(reason)")
            link.stop.wait(seconds: pause)
        }
    }

    private func outlets(ffmpeg: String) -> Outlets {
        mkdir(paths.hlsDirectory, 0o750)
        let hls = FFmpegArguments.hls(
            directory: paths.hlsDirectory, segmentSeconds: config.encoder.hlsSegmentSeconds,
            windowSegments: config.encoder.hlsWindowSegments)
        let local = RelayTarget(name: "local") { RelayTarget.Connection(output: hls) }
        let sessionSecondsMax = config.encoder.sessionDaysMax * 86_400
        return Outlets(config.destinations, clock: clock) { [environment, broadcast, clock] destination in
            Relay(
                target: destination.map { RelayTarget($0, environment: environment, clock: clock) } ?? local,
                ffmpeg: ffmpeg, environment: environment, broadcast: broadcast, clock: clock,
                sessionSecondsMax: sessionSecondsMax)
        }
    }

    private func say(_ activity: String) {
        work.withLock { work in
            work.steps += 1
            work.activity = activity
        }
    }

    private func report(cushion: Cushion, outlets: Outlets) -> WorkerReport {
        let life = run.read { $0 }
        let onAir = life?.isMakingFrames ?? false
        var playing: NowPlaying?
        if life?.isPadding ?? false {
            playing = NowPlaying(title: "One moment", source: .pad, elapsedSeconds: 0, seconds: 0)
        } else if let (mark, elapsed) = cushion.playing {
            let item = mark.item
            let silence = item.joint == .silence ? item.jointFrames : 0
            playing = NowPlaying(
                title: item.title, promptIndex: item.promptIndex, number: item.number, source: item.source,
                elapsedSeconds: StationAudio.seconds(ofFrames: max(0, elapsed - silence)),
                seconds: StationAudio.seconds(ofFrames: item.frames), betweenPrompts: elapsed < silence)
        }
        let waiting = StationAudio.seconds(ofFrames: cushion.waitingFrames)
        let cushionText = String(Int(waiting.rounded()))
        let (steps, activity) = work.read { ($0.steps, $0.activity) }
        return WorkerReport(
            progress: timeline.read { $0.audioPackets } + steps,
            activity: onAir ? "encoding, \(cushionText) s of cushion" : activity, onAir: onAir,
            nowPlaying: onAir ? playing : nil, destinations: outlets.statuses,
            latenessSeconds: lateness.withLock { $0.takeWorst(at: clock.monotonicSeconds) })
    }
}
