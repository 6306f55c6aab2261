import Domain
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@testable import Dashboard

extension DashboardTests {
    @Suite("The page in a browser", .enabled(if: Browser.path != nil, Comment(rawValue: Browser.isNeeded)))
    struct PageTests {
        @Test func `It shows the status, follows a change, and says when nobody answers`() async throws {
            let station = Station()
            try await withPage(station) { browser, port in
                try await #require(browser.waits(until: "\(Self.text("title")) === 'Rain on the veranda'"))
                let words = try await browser.evaluate("document.body.innerText").string ?? ""
                for expected in [
                    "On air", "On the air for 3 h 12 min.", "Track 214 · prompt 3 · from the Buffer", "0:22", "1:00",
                    "#216",
                    "14.6 hours of music", "Empty in 25 h; never ahead: add fallback or a renderer", "warning",
                    "876 tracks ready", "41 GB", "Composing track 1091", "38.2×",
                    "1,090",
                    "encoder", "4101", "11.5 %", "93 MB", "backing-off", "exit 75: the disk is full", "youtube",
                    "2.68 Mbit/s", "connection refused, retrying in 8 s", "lofisup 0.1.0",
                ] {
                    #expect(words.contains(expected), "\(expected) is not on the page")
                }
                station.status = .make(onAir: false, sentence: "Off the air: the disk is full.", title: "<img src=x>")
                try await #require(browser.waits(until: "\(Self.text("title")) === '<img src=x>'"))
                try await #expect(browser.evaluate("\(Self.text("light"))").string == "Off air")
                try await #expect(
                    browser.evaluate("\(Self.text("sentence"))").string == "Off the air: the disk is full.")
                try await #expect(browser.evaluate("document.querySelectorAll('main img').length").number == 0)
                station.status = nil
                try await #require(
                    browser.waits(until: "\(Self.text("sentence")).startsWith('The supervisor does not answer')"))
                try await #expect(browser.evaluate("performance.getEntriesByType('navigation').length").number == 1)
                #expect(browser.consoleErrors == [])
                try expectOwnOrigin(browser, port: port)
            }
        }

        @Test func `It has room on a phone, names for a screen reader, and a keyboard's way`() async throws {
            try await withPage(Station()) { browser, _ in
                try await #require(browser.waits(until: "\(Self.text("title")) === 'Rain on the veranda'"))
                let shots = ProcessInfo.processInfo.environment["LOFISUP_SCREENSHOTS"]
                for width in [320, 390, 820, 1440] {
                    for colours in ["dark", "light"] {
                        try await browser.show(width: width, height: 900, colours: colours)
                        let spare = "innerWidth - document.documentElement.scrollWidth"
                        try await #expect(browser.evaluate(spare).number == 0, "too wide at \(width)")
                        if let shots { try await browser.screenshot(to: "\(shots)/\(width)-\(colours).png") }
                    }
                }
                let nameless = """
                    [...document.querySelectorAll('button, input, video, section, [role=progressbar]')].filter((e) =>
                      !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')).length
                    """
                try await #expect(browser.evaluate(nameless).number == 0)
                try await #expect(
                    browser.evaluate("document.querySelectorAll('[aria-live=polite]').length").number == 2)
                try await browser.press(key: "Tab", code: "Tab")
                try await #expect(browser.evaluate("document.activeElement.id").string == "listen")
            }
        }

        @Test func `It says that the connection is lost, and comes back by itself`() async throws {
            let station = Station()
            let first = DashboardServer(station)
            guard let path = Browser.path else { return }
            try await Browser.withBrowser(path: path) { browser in
                let (ports, announce) = AsyncStream.makeStream(of: Int.self)
                try await withRunning(first) { port in
                    try await browser.navigate(to: "http://127.0.0.1:\(port)/")
                    try await #require(browser.waits(until: "\(Self.text("light")) === 'On air'"))
                    announce.yield(port)
                }
                announce.finish()
                try await #require(
                    browser.waits(until: "\(Self.text("sentence")).startsWith('Connection lost, retrying')"))
                station.status = .make(title: "After the break")
                for await port in ports {
                    let second = DashboardServer(port: port, station)
                    try await withRunning(second) { _ in
                        try await #require(browser.waits(until: "\(Self.text("title")) === 'After the break'"))
                        try await #expect(browser.evaluate("\(Self.text("light"))").string == "On air")
                    }
                }
            }
        }

        @Test(.enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
        func `After Listen there is sound, also after the encoder began anew`() async throws {
            try await withTemporaryDirectory { directory in
                let encoder = try LiveEncoder(directory: directory, life: 1)
                try await withPage(Station(), hlsDirectory: directory) { browser, port in
                    try await #expect(browser.evaluate("document.body.dataset.player").string == "idle")
                    try await Self.untilSegments(2, of: 1, in: directory)
                    try await browser.click("#listen")
                    try await #require(browser.waits(until: "document.body.dataset.player === 'playing'"))
                    try await #require(browser.waits(until: "document.getElementById('video').currentTime > 1"))
                    try await #expect(browser.evaluate("document.activeElement.id").string == "stop")
                    try await #expect(browser.evaluate(Self.loudness).number ?? 0 > 0.01)
                    let behind = try await browser.evaluate(Self.behind).number ?? 99
                    #expect(behind > 1 && behind < 12)

                    encoder.kill()
                    // Near the end of what there is, so that it runs dry before the next life has something to play.
                    let near = "(video => (video.currentTime = video.buffered.end(0) - 0.5) + 0.5)"
                    let heard = try await browser.evaluate("\(near)(document.getElementById('video'))").number ?? 0
                    let again = try LiveEncoder(directory: directory, life: 2)
                    try await #require(
                        browser.waits(
                            until: "document.getElementById('video').currentTime > \(heard + 1.5)", seconds: 40))
                    try await #expect(browser.evaluate(Self.loudness).number ?? 0 > 0.01)
                    try await #expect(browser.evaluate("document.getElementById('video').buffered.length").number == 1)

                    try await browser.click("#mute")
                    try await #require(browser.waits(until: "document.getElementById('video').muted"))
                    try await browser.click("#stop")
                    try await #require(browser.waits(until: "document.body.dataset.player === 'idle'"))
                    #expect(browser.consoleErrors == [])
                    try expectOwnOrigin(browser, port: port)
                    again.kill()
                }
            }
        }

        private static func text(_ id: String) -> String { "document.getElementById('\(id)').textContent" }

        private static let behind = """
            (() => {
              const video = document.getElementById('video');
              return video.buffered.end(video.buffered.length - 1) - video.currentTime;
            })()
            """

        /// The loudest of two seconds of what the element plays, as a root mean square of full scale.
        private static let loudness = """
            (async () => {
              const context = new AudioContext();
              await context.resume();
              const analyser = context.createAnalyser();
              context.createMediaStreamSource(document.getElementById('video').captureStream()).connect(analyser);
              const samples = new Float32Array(analyser.fftSize);
              let loudest = 0;
              for (let i = 0; i < 40; i += 1) {
                await new Promise((done) => setTimeout(done, 50));
                analyser.getFloatTimeDomainData(samples);
                loudest = Math.max(loudest, Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length));
                if (loudest > 0.01) break;
              }
              await context.close();
              return loudest;
            })()
            """

        private static func untilSegments(_ count: Int, of life: Int, in directory: String) async throws {
            try await onThread {
                try eventually(within: 30, "the encoder wrote \(count) segments") {
                    let playlist = (try? String(contentsOfFile: "\(directory)/live.m3u8", encoding: .utf8)) ?? ""
                    return playlist.split(separator: "\n").count { $0.hasPrefix("seg\(life)-") } >= count
                }
            }
        }

        private func withPage(
            _ station: Station, hlsDirectory: String = "/nonexistent",
            _ body: @escaping @Sendable (Browser, Int) async throws -> Void
        ) async throws {
            guard let path = Browser.path else { return }
            try await withDashboard(station, hlsDirectory: hlsDirectory) { port in
                try await Browser.withBrowser(path: path) { browser in
                    try await browser.navigate(to: "http://127.0.0.1:\(port)/")
                    try await body(browser, port)
                }
            }
        }

        private func expectOwnOrigin(_ browser: Browser, port: Int) throws {
            #expect(browser.requests.count > 4)
            for url in browser.requests {
                let own = url.hasPrefix("http://127.0.0.1:\(port)/") || url.hasPrefix("blob:http://127.0.0.1:\(port)/")
                #expect(own || url.hasPrefix("data:"), "asked \(url)")
            }
        }
    }
}
