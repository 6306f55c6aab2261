internal import FoundationEssentials
internal import Glibc
internal import Platform
internal import Synchronization

/// A headless Chromium with one page, driven over the DevTools protocol.
public final class Browser: Sendable {
    /// Where Chromium is, or nil: then tests that need it are skipped.
    public static let path = ["chromium", "chromium-browser", "google-chrome"].compactMap(TestTool.path(of:)).first

    /// What a test that cannot run without it says when it is skipped.
    public static let isNeeded = "needs Chromium (apt install chromium)"

    private let process: ChildProcess
    private let wire: BrowserWire
    private let session: String
    private let journal: Journal

    /// What the page complained of and asked for.
    private final class Journal: Sendable {
        let errors = Mutex<[String]>([])
        let requests = Mutex<[String]>([])

        func note(_ method: String, _ params: JSONValue) {
            switch method {
            case "Network.requestWillBeSent":
                if let url = params["request"]["url"].string { requests.withLock { $0.append(url) } }
            case "Runtime.exceptionThrown":
                let details = params["exceptionDetails"]
                let text = details["exception"]["description"].string ?? details["text"].string ?? "an exception"
                errors.withLock { $0.append(text) }
            case "Runtime.consoleAPICalled" where ["error", "assert"].contains(params["type"].string):
                if case .array(let values) = params["args"] {
                    let text = values.map { $0["value"].string ?? $0["description"].string ?? "?" }
                    errors.withLock { $0.append(text.joined(separator: " ")) }
                }
            case "Log.entryAdded" where params["entry"]["level"].string == "error":
                let entry = params["entry"]
                errors.withLock { $0.append("\(entry["text"].string ?? "?") \(entry["url"].string ?? "")") }
            default: break
            }
        }
    }

    /// Runs `body` with a browser whose profile lies in a temporary directory; both are gone afterwards.
    public static func withBrowser(
        path: String, isolation: isolated (any Actor)? = #isolation, _ body: (Browser) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { profile in
            let browser = try await Browser(path: path, profile: profile)
            do {
                try await body(browser)
                await browser.close()
            } catch {
                await browser.close()
                throw error
            }
        }
    }

    private init(path: String, profile: String) async throws {
        let down = try FileDescriptor.pipe()
        let up = try FileDescriptor.pipe()
        let arguments = [
            "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--user-data-dir=\(profile)", "--no-first-run",
            "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--disable-background-networking",
            "--disable-component-update", "--disable-default-apps", "--disable-sync", "--disable-dev-shm-usage",
            "--no-default-browser-check", "--disable-extensions", "about:blank",
        ]
        let environment = ["HOME": profile, "PATH": "/usr/bin:/bin", "TMPDIR": profile, "LANG": "C.UTF-8"]
        process = try ChildProcess(
            path: path, arguments: arguments, environment: environment,
            descriptors: [nil, nil, nil, down.read.number, up.write.number], newSession: true)
        let journal = Journal()
        let wire = BrowserWire(toBrowser: down.write, fromBrowser: up.read) { journal.note($0, $1) }
        self.journal = journal
        self.wire = wire
        do {
            session = try await Self.openPage(wire)
        } catch {
            process.signalGroup(SIGKILL)
            _ = process.wait(timeoutSeconds: 5)
            throw error
        }
    }

    private static func openPage(_ wire: BrowserWire) async throws -> String {
        let target = try await wire.call(
            "Target.createTarget", ["url": .string("about:blank")], session: nil, seconds: 30)
        let attached = try await wire.call(
            "Target.attachToTarget", ["targetId": target["targetId"], "flatten": .bool(true)], session: nil, seconds: 30
        )
        guard let session = attached["sessionId"].string else {
            throw BrowserError.refused(method: "Target.attachToTarget", reason: "no session")
        }
        for domain in ["Page", "Runtime", "Log", "Network"] {
            _ = try await wire.call("\(domain).enable", [:], session: session, seconds: 30)
        }
        return session
    }

    /// Errors the page logged or threw, oldest first.
    public var consoleErrors: [String] { journal.errors.withLock { $0 } }
    /// Every address the page asked for.
    public var requests: [String] { journal.requests.withLock { $0 } }

    /// Returns once the page and all it names have been loaded.
    public func navigate(to url: String) async throws {
        let answer = try await call("Page.navigate", ["url": .string(url)])
        if let reason = answer["errorText"].string {
            throw BrowserError.refused(method: "navigate to \(url)", reason: reason)
        }
        guard try await waits(until: "document.readyState === 'complete'") else {
            throw BrowserError.refused(method: "navigate to \(url)", reason: "the page did not load in time")
        }
    }

    /// The value of an expression in the page; a promise is waited for.
    @discardableResult
    public func evaluate(_ expression: String, seconds: Double = 30) async throws -> JSONValue {
        let answer = try await call(
            "Runtime.evaluate",
            ["expression": .string(expression), "awaitPromise": .bool(true), "returnByValue": .bool(true)],
            seconds: seconds)
        let trouble = answer["exceptionDetails"]
        if trouble != .null { throw BrowserError.threw(trouble["exception"]["description"].string ?? "\(trouble)") }
        return answer["result"]["value"]
    }

    /// Waits in the page until `condition` holds; false when it did not within `seconds`.
    public func waits(until condition: String, seconds: Double = 20) async throws -> Bool {
        let script = """
            new Promise((done) => {
              const end = performance.now() + \(seconds * 1000);
              const look = () => {
                let holds = false;
                try { holds = Boolean(\(condition)); } catch {}
                if (holds || performance.now() > end) done(holds); else setTimeout(look, 50);
              };
              look();
            })
            """
        return try await evaluate(script, seconds: seconds + 10).bool ?? false
    }

    /// Presses the mouse in the middle of an element, as a person does: the page may then begin to sound.
    public func click(_ selector: String) async throws {
        let place = try await evaluate(
            """
            (() => {
              const box = document.querySelector('\(selector)').getBoundingClientRect();
              return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            })()
            """)
        for type in ["mousePressed", "mouseReleased"] {
            _ = try await call(
                "Input.dispatchMouseEvent",
                [
                    "type": .string(type), "x": place["x"], "y": place["y"], "button": .string("left"),
                    "clickCount": .number(1),
                ])
        }
    }

    /// Presses one key, by its DevTools name and the text it types.
    public func press(key: String, code: String, text: String = "") async throws {
        for type in ["keyDown", "keyUp"] {
            _ = try await call(
                "Input.dispatchKeyEvent",
                [
                    "type": .string(type), "key": .string(key), "code": .string(code),
                    "text": .string(type == "keyDown" ? text : ""),
                ])
        }
    }

    /// - Parameter colours: `dark` or `light`, as the person's system would prefer.
    public func show(width: Int, height: Int, colours: String) async throws {
        _ = try await call(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": .number(1),
                "mobile": .bool(width < 500),
            ])
        let feature: JSONValue = .object(["name": .string("prefers-color-scheme"), "value": .string(colours)])
        _ = try await call("Emulation.setEmulatedMedia", ["features": .array([feature])])
    }

    /// Writes the whole page, as it looks now, to a PNG file.
    public func screenshot(to path: String) async throws {
        let answer = try await call("Page.captureScreenshot", ["captureBeyondViewport": .bool(true)])
        guard let data = answer["data"].string.flatMap({ Data(base64Encoded: $0) }) else {
            throw BrowserError.refused(method: "Page.captureScreenshot", reason: "no picture")
        }
        try data.write(to: URL(filePath: path))
    }

    private func call(_ method: String, _ params: [String: JSONValue], seconds: Double = 30) async throws -> JSONValue {
        try await wire.call(method, params, session: session, seconds: seconds)
    }

    private func close() async {
        // It closes the pipe rather than answers.
        _ = try? await wire.call("Browser.close", [:], session: nil, seconds: 5)
        if process.wait(timeoutSeconds: 5) == nil {
            process.signalGroup(SIGKILL)
            _ = process.wait(timeoutSeconds: 5)
        }
    }
}
