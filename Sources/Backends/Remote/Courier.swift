internal import Config
internal import Domain
internal import Glibc
internal import Platform

/// Takes items of a round to one renderer and brings the tracks back, on a thread of its own.
struct Courier: Sendable {
    struct Patience: Sendable {
        /// For one that does not answer, where others are there to ask.
        var besideOthersSeconds = 6.0
        var aloneSeconds = 20.0
        /// For one that answers, and nothing moves.
        var stalledSeconds = 900.0
        /// A long poll.
        var waitSeconds = 5
    }

    let backend: String
    let renderer: Renderer
    let round: RemoteRound
    let ledger: JobLedger
    let checksum: Checksum
    let directory: String
    let cancellation: Cancellation
    let clock: any StationClock
    let patience: Patience

    /// Works until there is nothing more to take, or the renderer fails; then leaves the round.
    func run() {
        forgetSpent()
        var open: [Int] = []
        do throws(RendererError) {
            while let piece = round.take(for: renderer.name, speed: renderer.speed) {
                open = piece
                let began = clock.monotonicSeconds
                let seconds = try bring(&open)
                if seconds > 0 { renderer.succeed(made: seconds, tookSeconds: clock.monotonicSeconds - began) }
                forgetSpent()
            }
            round.leave(renderer.name, givingBack: [])
        } catch {
            if error != .cancelled {
                renderer.fail(error)
                Log.warning(
                    "renderer \(renderer.name): \(error); it rests for \(Int(renderer.restSeconds.rounded(.up))) s")
            }
            round.leave(renderer.name, givingBack: open)
        }
    }

    /// Takes leave of jobs that nobody needs any more; one that cannot be told now is told another time.
    private func forgetSpent() {
        for entry in ledger.spent(at: renderer.name) {
            do throws(RendererError) {
                try renderer.client.forget(entry.job, isCancelled: isCancelled)
            } catch { return }
            do { try ledger.drop(entry) } catch { Log.warning("\(error)") }
        }
    }

    /// Asks for the items in `open`, removing each that is done with. Returns the seconds of music that came.
    private func bring(_ open: inout [Int]) throws(RendererError) -> Double {
        try askForAll(&open)
        var seconds = 0.0
        while let place = open.first {
            let view = try awaitEnd(of: place)
            let item = round.items[place]
            if let track = view.tracks.first(where: { $0.id == Self.itemID(item) }) {
                let rendered = try fetch(track, of: item)
                open.removeFirst()
                round.deliver(place, rendered)
                seconds += item.request.seconds
            } else {
                open.removeFirst()
                let why = view.failed.first?.why ?? "the job ended as \(view.state.rawValue), without the track"
                round.refuse(place, by: renderer.name, why: String(why.prefix(500)))
            }
        }
        return seconds
    }

    /// A renderer that is full after some of them has enough to do: the rest is anybody's.
    private func askForAll(_ open: inout [Int]) throws(RendererError) {
        var asked: [Int] = []
        for place in open {
            do throws(RendererError) {
                try ask(place)
                asked.append(place)
            } catch {
                guard case .busy = error, !asked.isEmpty else { throw error }
                round.putBack(open.filter { !asked.contains($0) })
                open = asked
                return
            }
        }
    }

    private static func itemID(_ item: RemoteRound.Item) -> String { item.wanted.items.first?.id ?? "" }

    private func ask(_ place: Int) throws(RendererError) {
        let item = round.items[place]
        try local { try ledger.note(item.job, at: renderer.name, number: item.request.number) }
        if renderer.continues { try local { try ledger.note(turn: item.request.turn, at: renderer.name) } }
        try patiently { () throws(RendererError) in
            do throws(RendererError) {
                let view = try renderer.client.put(item.job, item.wanted, isCancelled: isCancelled)
                // What failed there in an earlier life may go well now.
                if view.state.isOver, view.tracks.isEmpty { throw .otherJob }
            } catch {
                guard error == .otherJob else { throw error }
                try renderer.client.forget(item.job, isCancelled: isCancelled)
                _ = try renderer.client.put(item.job, item.wanted, isCancelled: isCancelled)
            }
        }
    }

    /// Polls until the job of an item is over. One that the renderer has lost is asked for again.
    private func awaitEnd(of place: Int) throws(RendererError) -> RenderJobView {
        let item = round.items[place]
        var seen: Int?
        var moved = (at: clock.monotonicSeconds, progress: -1.0)
        var losses = 0
        while true {
            let view: RenderJobView
            do throws(RendererError) {
                let version = seen
                view = try patiently { () throws(RendererError) in
                    try renderer.client.look(
                        item.job, waitSeconds: patience.waitSeconds, seen: version, isCancelled: isCancelled)
                }
            } catch {
                losses += 1
                guard error == .noSuchJob, losses <= 3 else { throw error }
                try ask(place)
                continue
            }
            if view.state.isOver { return view }
            round.progress(place, view.progress * 0.95)
            let now = clock.monotonicSeconds
            if view.version != seen || view.progress != moved.progress { moved = (now, view.progress) }
            if now - moved.at > patience.stalledSeconds { throw .stalled(seconds: patience.stalledSeconds) }
            seen = view.version
        }
    }

    /// The track as a file in the batch's directory, whole and checked.
    private func fetch(_ track: RenderedFile, of item: RemoteRound.Item) throws(RendererError) -> RenderedTrack {
        // The longest that a second of sound may be: eight channels of doubles at 96 kHz are well below.
        guard Double(track.bytes) <= item.request.seconds * 8_000_000 + 1_000_000 else {
            throw .tooLong("a track of \(track.bytes) bytes for \(item.request.seconds) s")
        }
        let file = "\(directory)/\(item.job).track"
        do throws(RendererError) {
            try patiently { () throws(RendererError) in
                try renderer.client.fetch(track, of: item.job, to: file, isCancelled: isCancelled)
                let got = RendererClient.bytes(of: file)
                guard got == track.bytes else { throw RendererError.wrongSize(wanted: track.bytes, got: got) }
            }
            try check(file, track)
        } catch {
            unlink(file)
            throw error
        }
        let origin = track.provenance
        let prompt = item.request.prompt
        return RenderedTrack(
            file: file, title: Self.title(track.title) ?? "\(prompt.name) · \(item.request.positionInPrompt + 1)",
            provenance: Provenance(
                backend: backend, model: "\(Self.title(origin.model) ?? origin.backend) at \(renderer.name)",
                licence: Self.title(origin.licence), nonCommercial: origin.nonCommercial, seed: item.request.seed,
                renderSeconds: max(0, origin.renderSeconds ?? 0)),
            continued: track.continued)
    }

    private func check(_ file: String, _ track: RenderedFile) throws(RendererError) {
        let sha256: String
        do {
            let opened = try FileDescriptor.open(file, O_RDONLY | O_NOFOLLOW)
            sha256 = try checksum.sha256(of: .descriptor(opened), isCancelled: isCancelled)
        } catch { throw isCancelled() ? .cancelled : .local("\(error)") }
        guard sha256 == track.sha256 else { throw .wrongChecksum }
    }

    /// What a stranger says, fit to be shown.
    private static func title(_ text: String?) -> String? {
        guard let text else { return nil }
        let shown = String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
        return shown.isEmpty ? nil : String(String(shown).prefix(200))
    }

    /// Tries again while what goes wrong may pass: a renderer that is started again is there within seconds.
    private func patiently<Value>(_ work: () throws(RendererError) -> Value) throws(RendererError) -> Value {
        let began = clock.monotonicSeconds
        var pause = 0.25
        while true {
            do throws(RendererError) {
                return try work()
            } catch {
                let limit = round.hasOthers ? patience.besideOthersSeconds : patience.aloneSeconds
                guard error.isPassing, clock.monotonicSeconds - began < limit else { throw error }
                if isCancelled() { throw .cancelled }
                clock.sleep(seconds: pause)
                pause = min(pause * 1.6, 2)
            }
        }
    }

    private func local(_ work: () throws -> Void) throws(RendererError) {
        do { try work() } catch { throw .local("\(error)") }
    }

    private var isCancelled: () -> Bool {
        { cancellation.isCancelled }
    }
}
