internal import Domain
internal import Glibc
internal import IPC
internal import Platform

extension PluginCheck {
    /// Everything the page asks, beside `describe`.
    static let trials: [Trial] = [
        Trial(
            requirement: "an unknown method is refused with -32601, an unknown notification is passed over",
            advice: "answer what you do not know with an error instead of ending: the station may be newer"
        ) { check, _, scratch in try check.unknownMethod(scratch) },
        Trial(
            requirement: "a line that is no JSON does not bring it down",
            advice: "catch the error of your JSON reader and read on"
        ) { check, _, scratch in try check.garbage(scratch) },
        Trial(
            requirement: "load makes it ready, and says how far it is at least every 60 s",
            advice: "send `progress` notifications while you load, with the request's id"
        ) { check, _, scratch in try check.load(scratch) },
        Trial(
            requirement: "a track is an audio file that decodes and has the length asked for",
            advice:
                "write the whole file and close it before you send `track`; its length may miss by 2 % or half a second"
        ) { check, _, scratch in try check.oneTrack(scratch) },
        Trial(
            requirement: "a batch is handed over track by track, each item once",
            advice: "send one `track` for each item, or name it in `failed`, before you answer `generate`"
        ) { check, description, scratch in try check.batch(description, scratch) },
        Trial(
            requirement: "nothing but its tracks is left where it was told to write",
            advice: "write to the batch's directory alone, and remove what you need on the way; what is to be kept"
                + " belongs into the directory of `load`"
        ) { check, _, scratch in try check.tidiness(scratch) },
        Trial(
            requirement: "the same item gives the same sound, and another seed another",
            advice: "draw every random number from the item's seed, or say \"repeatable\": false"
        ) { check, description, scratch in try check.repeatable(description, scratch) },
        Trial(
            requirement: "a track goes on from an earlier one of its turn",
            advice: "keep the end of each track under its turn and position, and say in `continued` where you went on"
        ) { check, description, scratch in try check.continues(description, scratch) },
        Trial(
            requirement: "cancel ends a request within 10 s, and the next one works",
            advice: "read the socket on a thread of its own, so that `cancel` is heard while you render"
        ) { check, description, scratch in try check.cancel(description, scratch) },
        Trial(
            requirement: "unload gives memory back, and load may follow",
            advice: "let go of the model in `unload` and answer with what is left"
        ) { check, _, scratch in try check.unload(scratch) },
        Trial(
            requirement: "tune is taken in the middle of a batch",
            advice: "`tune` is a notification: take it while you render, and never answer it"
        ) { check, _, scratch in try check.tune(scratch) },
        Trial(
            requirement: "it goes on after it was stopped (SIGSTOP) in the middle of a track",
            advice: "do not take time that has passed for time that you had"
        ) { check, _, scratch in try check.stopped(scratch) },
        Trial(
            requirement: "it ends with 0 within 5 s of the socket's end, and nothing of it stays",
            advice: "when the socket reads empty, end; also while you render"
        ) { check, _, scratch in try check.end(scratch) },
    ]

    private func session<Result>(_ scratch: String, _ body: (CheckSession) throws -> Result) throws -> Result {
        let session = try CheckSession(self, scratch: scratch)
        defer { session.end() }
        return try body(session)
    }

    private func unknownMethod(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            let nonsense = Message.notification(method: "applause", parameters: .object(["loud": .bool(true)]))
            try session.life.send(nonsense, of: "applause")
            do throws(PluginFault) {
                _ = try session.call("encore")
            } catch {
                guard case .answered(let code, _, _) = error else { throw error }
                guard code == Message.Code.unknownMethod else {
                    throw Broken(seen: "the error's code is \(code), not \(Message.Code.unknownMethod)")
                }
                _ = try session.describe()
                return .kept("refused, and it goes on")
            }
            throw Broken(seen: "it answered a method that does not exist as if it did")
        }
    }

    private func garbage(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            session.life.send(line: Array("this is no JSON\n".utf8))
            // It may answer with an error without an id, which a station would take for a fault.
            let clock = clock.monotonicSeconds
            while let message = try session.life.next(within: 1, during: "a line that is no JSON") {
                guard case .failure(nil, _, _) = message, self.clock.monotonicSeconds - clock < 5 else { break }
            }
            _ = try session.describe()
            return .kept("it goes on")
        }
    }

    private func load(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            let began = clock.monotonicSeconds
            let said = try session.load()
            let took = clock.monotonicSeconds - began
            // What is loaded already costs nothing.
            try session.load()
            let memory = (session.life.memoryBytes ?? said ?? 0) / 1_000_000
            return .kept("ready after \(tenths(took)) s, \(memory) MB")
        }
    }

    private func oneTrack(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let began = clock.monotonicSeconds
            let track = try session.track(session.request(0))
            let took = clock.monotonicSeconds - began
            return .kept("\(try measured(track.file, scratch)); rendered in \(tenths(took)) s")
        }
    }

    /// What a track is, in words, once it decodes and has its length. How it sounds is a matter between the music and the
    /// station's own rules: what those would say is only told.
    /// - Throws: `.refused` for what is no track of that length.
    private func measured(_ file: String, _ scratch: String) throws(BackendError) -> String {
        do throws(BackendError) {
            let admitted = try Admission(ffmpeg: ffmpeg).admit(
                file, seconds: seconds, to: "\(scratch)/admitted.wav", cancellation: Cancellation())
            let source = admitted.measurements
            return "\(tenths(source.sourceSeconds)) s at \(source.sourceHertz) Hz, \(source.sourceChannels) channels,"
                + " \(tenths(source.sourceLufs)) LUFS"
        } catch {
            guard case .refused(let refusal) = error, refusal.isAboutSound else { throw error }
            return "it decodes and has its length, but the station would refuse this one: \(refusal)"
        }
    }

    private func batch(_ description: PluginDescription, _ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let count = max(2, min(3, description.batchMax))
            let batch = try session.generate((0..<count).map { session.request($0) })
            if batch.tracks.isEmpty {
                throw Broken(seen: "all \(count) failed: \(batch.failures.values.first ?? "no reason given")")
            }
            return .kept("\(batch.tracks.count) of \(count) tracks, \(batch.progress) words of progress")
        }
    }

    private func tidiness(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let batch = try session.generate([session.request(0)])
            let tracks = Set(batch.tracks.values.map(\.file))
            let left = try Files.names(in: batch.directory).map { "\(batch.directory)/\($0)" }.filter {
                !tracks.contains($0)
            }
            if let first = left.first { throw Broken(seen: "it left \(first) behind") }
            let beside = try Files.names(in: scratch).filter { $0 != "kept" && !$0.hasPrefix("batch_") }
            if let first = beside.first { throw Broken(seen: "it made \(scratch)/\(first), where it has no business") }
            return .kept("nothing else is there")
        }
    }

    private func repeatable(_ description: PluginDescription, _ scratch: String) throws -> Outcome {
        guard description.repeatable else { return .skipped("it does not say that it is repeatable") }
        var sums: [String] = []
        // The third has another seed.
        for (place, seed) in [7, 7, 8].enumerated() as EnumeratedSequence<[UInt64]> {
            let own = "\(scratch)/\(place)"
            try Files.makeDirectory(own)
            try session(own) { session in
                _ = try session.describe()
                try session.load()
                let track = try session.track(session.request(0, seed: seed))
                sums.append(try ffmpeg.sha256(ofFile: track.file, cancellation: Cancellation()))
            }
        }
        if sums[0] != sums[1] { throw Broken(seen: "one item, two processes, two different files") }
        if sums[0] == sums[2] { throw Broken(seen: "two seeds, one and the same file") }
        return .kept("the same file from two processes")
    }

    private func continues(_ description: PluginDescription, _ scratch: String) throws -> Outcome {
        guard description.continues else { return .skipped("it does not say that it does") }
        return try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let first = try session.track(session.request(0))
            if let position = first.continued {
                throw Broken(seen: "the first track went on from position \(position)")
            }
            let second = try session.track(session.request(1, continues: [0]))
            guard second.continued == 0 else { throw Broken(seen: "it began fresh, with position 0 at hand") }
            let third = try session.track(session.request(2))
            if third.continued != nil { throw Broken(seen: "it went on though it was to start fresh") }
            return .kept("position 1 went on from 0, position 2 began fresh")
        }
    }

    private func cancel(_ description: PluginDescription, _ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let cancellation = Cancellation()
            var asked = 0.0
            NamedThread.start("check-cancel") { [clock] in
                clock.sleep(seconds: 1)
                cancellation.cancel()
            }
            var words = "it was done before it could be cancelled"
            do {
                asked = clock.monotonicSeconds + 1
                _ = try session.generate([session.request(0, seconds: 600)], cancellation: cancellation)
            } catch PluginFault.cancelled {
                words = "ended after \(tenths(max(0, clock.monotonicSeconds - asked))) s"
            }
            // Of a request that has ended already.
            _ = try session.call("cancel", .object(["request": .integer(1)]))
            _ = try session.track(session.request(1))
            return .kept("\(words), and the next one works")
        }
    }

    private func unload(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            _ = try session.track(session.request(0))
            let before = session.life.memoryBytes ?? 0
            _ = try session.call("unload", limit: .whole(seconds: limits.unloadSeconds))
            let after = session.life.memoryBytes ?? 0
            try session.load()
            _ = try session.track(session.request(1))
            return .kept(
                "\(before / 1_000_000) MB before, \(after / 1_000_000) MB after, and a track after the next load")
        }
    }

    private func tune(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            func tune(_ threads: Int) {
                let parameters = JSONValue.object(["threads": .integer(threads)])
                try? session.life.send(.notification(method: "tune", parameters: parameters), of: "tune")
            }
            tune(1)
            _ = try session.generate([session.request(0), session.request(1)], during: { tune($0 % 2 + 1) })
            return .kept("it renders on")
        }
    }

    private func stopped(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let pid = session.life.pid
            var isTried = false
            let track = try session.track(session.request(0)) { _ in
                if isTried { return }
                isTried = true
                ProcessFamily.hold(pid)
                clock.sleep(seconds: 1.5)
                ProcessFamily.goOn(pid)
            }
            _ = try measured(track.file, scratch)
            return .kept("the track is whole")
        }
    }

    private func end(_ scratch: String) throws -> Outcome {
        try session(scratch) { session in
            _ = try session.describe()
            try session.load()
            let family = ProcessFamily(of: session.life.pid).members
            let began = clock.monotonicSeconds
            guard let exit = session.life.end(graceSeconds: limits.endSeconds) else {
                throw Broken(seen: "it still ran after \(tenths(limits.endSeconds)) s and was killed")
            }
            guard exit == .code(0) else { throw Broken(seen: "it ended with \(exit)") }
            let others = family.count - 1
            return .kept(
                "exit 0 after \(tenths(clock.monotonicSeconds - began)) s"
                    + (others > 0 ? ", with \(others) processes of its own" : ""))
        }
    }

    private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
