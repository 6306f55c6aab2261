import Domain
import Glibc
import Platform
import TestSupport
import Testing

@testable import Backends

@Suite(.serialized)
struct PluginBackendTests {
    @Test func `a batch comes back as files, one after the other, with where they came from`() throws {
        try PluginUnderTest.run("good") { plugin in
            let batch = plugin.render([41, 42])
            #expect(batch.error == nil && batch.tracks.count == 2)
            let track = try #require(batch.tracks[42])
            #expect(track.title == "Monsoon Raga · 42" && track.provenance.backend == "bad")
            #expect(track.provenance.model == "bad good" && track.provenance.nonCommercial == false)
            #expect(track.provenance.seed == PluginUnderTest.request(42).trackSeed)
            #expect(try read(track.file).count == 44 + 44_100 * 4)
            let told = plugin.backend.describe()
            #expect(told.batchMax == 4 && told.continues && told.memoryBytes ?? 0 > 1_000_000)
        }
    }

    @Test func `the same request gives the same bytes, also in another life`() throws {
        try PluginUnderTest.run("good") { plugin in
            let first = try read(try #require(plugin.render([7]).tracks[7]).file)
            plugin.backend.close()
            #expect(try read(try #require(plugin.render([7]).tracks[7]).file) == first)
        }
    }

    @Test(
        "whatever goes wrong is one sentence that names it, what was handed over before stays, and nothing is left behind",
        arguments: [
            ("says-nothing-and-ends", 0, "bad: it ended (exit 3) during describe"),
            (
                "crash-describe", 0,
                "bad: it ended (signal 6 (Aborted)) during describe; its last words: error: the string"
            ),
            ("crash-load", 0, "bad: it ended (signal 6 (Aborted)) during load; its last words: error: the string"),
            (
                "crash-generate", 2,
                "bad: it ended (signal 6 (Aborted)) during generate; its last words: error: the string"
            ),
            ("garbage-describe", 0, "bad: it sent a line that is no message (malformed message: "),
            ("garbage-generate", 2, "bad: it sent a line that is no message (malformed message: "),
            ("huge-generate", 2, "bad: it sent a line of more than 1048576 bytes; sound goes into files"),
            ("silent-describe", 0, "bad: not a word about describe for 1.5 s; it was ended"),
            ("silent-load", 0, "bad: not a word about load for 1.5 s; it was ended"),
            ("silent-generate", 2, "bad: not a word about generate for 1.5 s; it was ended"),
            ("hangs-up-generate", 2, "bad: it closed its socket during generate"),
            ("deaf-describe", 0, "bad: not a word about describe for 1.5 s; it was ended"),
            ("other-protocol", 0, "bad: it speaks version 2 of the protocol, this station speaks 1"),
            (
                "other-request", 0,
                "bad: its answer to describe breaks the protocol: it answered request 8, which was never sent"
            ),
            (
                "other-track", 0,
                "bad: its answer to generate breaks the protocol: it handed over a track '999' that nobody asked for"
            ),
            ("twice", 1, "bad: its answer to generate breaks the protocol: it handed over track '1' twice"),
            (
                "forgets-one", 2,
                "bad: its answer to generate breaks the protocol: it ended the batch without a word about track '2'"
            ),
            ("no-file", 2, "bad: the file it handed over, '3.wav', is none: there is no such file"),
            ("empty-file", 2, "bad: the file it handed over, '3.wav', is none: it is empty"),
            (
                "slash", 2,
                "bad: the file it handed over, '../3.wav', is none: a name in the batch's directory is wanted"
            ),
            ("absolute", 2, "bad: the file it handed over, '/etc/hostname', is none: a name in the batch's directory"),
            ("link", 2, "bad: the file it handed over, '3.wav', is none: it is a link or a device"),
            ("directory", 2, "bad: the file it handed over, '3.wav', is none: it is a directory"),
            ("not-installed", 0, "bad: the bells are missing: apt install bells"),
        ])
    func faults(mode: String, tracks: Int, sentence: String) throws {
        try PluginUnderTest.run(mode) { plugin in
            let batch = plugin.render()
            #expect(batch.error?.hasPrefix(sentence) == true, "\(batch.error ?? "nothing was thrown")")
            #expect(batch.tracks.count == tracks && batch.failures.isEmpty)
            // Only what was handed over is there.
            #expect(plugin.files().count == tracks, "\(plugin.files())")
            if mode != "not-installed" { #expect(PluginUnderTest.processes().isEmpty) }
        }
    }

    @Test func `a program that is not there is named with the reason`() throws {
        let settings = PluginBackend.Settings(
            name: "own", directory: "/nowhere", presumed: BackendDescription(model: "own"))
        let backend = PluginBackend(settings, say: { _ in }) { () throws(BackendError) in
            PluginCommand(path: "/nowhere/own", environment: [:])
        }
        let error = backendError { try backend.prepare(cancellation: Cancellation()) }
        #expect(error?.description == "own: it could not be started: start /nowhere/own: No such file or directory")
    }

    @Test func `one track that fails is told of, and the others are good`() throws {
        try PluginUnderTest.run("fails-one") { plugin in
            let batch = plugin.render()
            #expect(batch.error == nil)
            #expect(batch.tracks.keys.sorted() == [1, 3] && batch.failures == [2: "bad: a string broke"])
        }
    }

    @Test func `a request that it cannot read is no fault of the plug-in, which stays`() throws {
        try PluginUnderTest.run("at-fault") { plugin in
            let batch = plugin.render()
            #expect(batch.error == nil)
            #expect(Set(batch.failures.values) == ["bad: these words mean nothing to me"] && batch.failures.count == 3)
            #expect(PluginUnderTest.processes().count == 1)
        }
    }

    @Test func `what does not fit the memory is asked for again in halves, and remembered`() throws {
        try PluginUnderTest.run("small-memory", "2") { plugin in
            #expect(plugin.render([1, 2, 3, 4]).tracks.count == 4)
            #expect(plugin.backend.describe().batchMax == 2)
            #expect(
                plugin.said.contains { $0.contains("4 tracks at once do not fit") && $0.hasSuffix("2 from now on") })
            plugin.backend.close()
            #expect(plugin.render([5, 6, 7]).tracks.count == 3)
            #expect(plugin.said.filter { $0.contains("do not fit") }.count == 1)
        }
    }

    @Test func `what does not fit the memory in halves either is an error`() throws {
        try PluginUnderTest.run("small-memory", "1") { plugin in
            let batch = plugin.render([1, 2, 3, 4])
            #expect(batch.error == "bad: 2 tracks take too much memory")
        }
    }

    @Test func `work that takes long is waited for while it says that it goes on`() throws {
        try PluginUnderTest.run("slow", "2") { plugin in
            #expect(plugin.render([1]).tracks.count == 1)
        }
    }

    @Test(arguments: [("slow", "20"), ("slow-load", "20")])
    func `a cancellation ends what is under way soon, and the plug-in stays`(mode: String, detail: String) throws {
        try PluginUnderTest.run(mode, detail) { plugin in
            let cancellation = Cancellation()
            let clock = SystemClock()
            let began = clock.monotonicSeconds
            NamedThread.start("cancel") {
                clock.sleep(seconds: 0.5)
                cancellation.cancel()
            }
            #expect(plugin.render([1], cancellation: cancellation).error == "stopped on request")
            #expect(clock.monotonicSeconds - began < 1.4)
            #expect(PluginUnderTest.processes().count == 1)
        }
    }

    @Test func `one that does not heed a cancellation is killed`() throws {
        try PluginUnderTest.run("slow", "for-ever") { plugin in
            let cancellation = Cancellation()
            NamedThread.start("cancel") {
                SystemClock().sleep(seconds: 0.3)
                cancellation.cancel()
            }
            // "for-ever" is no number: a second of work, and no ear for `cancel`.
            _ = plugin.render([1, 2, 3, 4], cancellation: cancellation)
            try eventually(within: 3, "the process is gone") { PluginUnderTest.processes().isEmpty }
        }
    }

    @Test func `one that does not go when the station goes is killed`() throws {
        try PluginUnderTest.run("ignores-end") { plugin in
            #expect(plugin.render([1]).tracks.count == 1)
            #expect(PluginUnderTest.processes().count == 1)
            plugin.backend.close()
            #expect(PluginUnderTest.processes().isEmpty)
        }
    }

    @Test func `what a dead plug-in has started goes with it, wherever it went`() throws {
        try PluginUnderTest.run("leaves-child-generate") { plugin in
            let batch = plugin.render()
            #expect(batch.error?.contains("signal 6") == true)
            #expect(plugin.said.contains { $0.hasPrefix("bad: left behind ") && !$0.hasSuffix(" 0") })
            #expect(PluginUnderTest.processes().isEmpty)
        }
    }

    @Test func `one that ends while nothing is asked of it is started again without a word to the chain`() throws {
        try PluginUnderTest.run("ends-when-idle") { plugin in
            try plugin.backend.prepare(cancellation: Cancellation())
            let words = "bad: warning: it ended while nothing was asked of it; it is started anew"
            // It ends a moment after it has answered.
            try eventually(within: 3, "its end is noticed, and it is started again") {
                try plugin.backend.prepare(cancellation: Cancellation())
                return plugin.said.contains(words)
            }
        }
    }

    @Test func `memory is given back on release, and the next track loads again`() throws {
        try PluginUnderTest.run("good") { plugin in
            #expect(plugin.render([1]).tracks.count == 1)
            let life = PluginUnderTest.processes()
            plugin.backend.release()
            plugin.backend.release()
            #expect(plugin.render([2]).tracks.count == 1)
            #expect(PluginUnderTest.processes() == life)
            try eventually(within: 2, "one unload was said") { plugin.said.filter { $0 == "bad: unloaded" }.count == 1 }
        }
    }

    @Test func `tuning is heard, once for each change`() throws {
        try PluginUnderTest.run("good") { plugin in
            #expect(plugin.render([1]).tracks.count == 1)
            for threads in [2, 1, 1] { plugin.backend.tune(threads: threads) }
            plugin.backend.tune(threads: nil)
            try eventually(within: 2, "both changes are heard") {
                plugin.said.filter { $0.contains("tuned") } == ["bad: tuned to 1", "bad: tuned to 2"]
            }
        }
    }

    @Test func `what it leaves lying beside its tracks is swept away`() throws {
        try PluginUnderTest.run("litters") { plugin in
            #expect(plugin.render().tracks.count == 3)
            #expect(plugin.files().count == 3, "\(plugin.files())")
        }
    }

    @Test func `a flood of words is bounded and owned up to`() throws {
        try PluginUnderTest.run("floods-generate") { plugin in
            #expect(plugin.render().tracks.count == 3)
            plugin.backend.close()
            let flood = plugin.said.filter { $0.contains("of a flood") }
            #expect(flood.count >= 10 && flood.count < 200)
            #expect(plugin.said.contains { $0.hasSuffix("lines of it were left out") })
        }
    }
}
