internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Glibc
internal import Synchronization

/// An HTTP server on one address, with its clients kept within limits.
///
/// One life per value: `run` once, `stop` once.
public final class WebServer: Sendable {
    private let host: String
    private let port: Int
    private let limits: ConnectionLimits
    private let handler: any WebHandler
    private let life = Mutex(Life())

    private struct Life {
        var stopped = false
        var server: HTTPServer?
        /// There from the moment it listens.
        var warden: Ticker?
    }

    /// - Parameters:
    ///   - host: a numeric address of this machine, or `localhost`.
    ///   - port: 0 for any free one.
    public init(host: String, port: Int, limits: ConnectionLimits, handler: any WebHandler) {
        self.host = host
        self.port = port
        self.limits = limits
        self.handler = handler
    }

    /// Serves until `stop` or until the task is cancelled; then returns.
    /// - Parameter ready: called once, with the port it listens on.
    /// - Throws: `ListenError`.
    public func run(ready: @escaping @Sendable (Int) -> Void) async throws {
        guard let number = UInt16(exactly: port) else { throw ListenError.portOutOfRange(port) }
        let server = HTTPServer(config: try configuration(port: number), handler: Translation(handler: handler))
        let mayRun = life.withLock {
            guard !$0.stopped, $0.server == nil else { return false }
            $0.server = server
            return true
        }
        guard mayRun else { return }
        defer { life.withLock { $0.warden?.stop() } }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask { try await self.listening(server, ready: ready) }
                for try await _ in group {}
            }
        } catch {
            let state = life.withLock { (stopped: $0.stopped, listened: $0.warden != nil) }
            if state.stopped || Task.isCancelled { return }
            throw Self.named(error, host: host, port: port, listened: state.listened)
        }
    }

    private func listening(_ server: HTTPServer, ready: @Sendable (Int) -> Void) async throws {
        try await server.waitUntilListening(timeout: 10)
        guard let port = await Self.port(of: server) else { return }
        let warden = ConnectionWarden(port: port, limits: limits)
        let ticker = Ticker(name: "warden", seconds: limits.sweepSeconds) { warden.sweep() }
        life.withLock { $0.warden = ticker }
        ready(port)
    }

    /// Ends `run`: closes the port and every connection.
    public func stop() async {
        let server = life.withLock {
            $0.stopped = true
            return $0.server
        }
        await server?.stop(timeout: 0)
    }

    private func configuration(port: UInt16) throws -> HTTPServer.Configuration {
        // 4 KiB is the least of a body that FlyingFox reads by itself; what is longer is read here, within limits.
        func configuration(_ address: some SocketAddress) -> HTTPServer.Configuration {
            HTTPServer.Configuration(
                address: address, timeout: limits.handlerSeconds, sharedRequestBufferSize: 4096,
                sharedRequestReplaySize: 4096, logger: DisabledLogger.disabled)
        }
        let numeric = host == "localhost" ? "127.0.0.1" : host
        if let address = try? sockaddr_in.inet(ip4: numeric, port: port) { return configuration(address) }
        if let address = try? sockaddr_in6.inet6(ip6: numeric, port: port) { return configuration(address) }
        throw ListenError.hostNotUsable(host: host, port: Int(port), reason: "\(host) is no IP address")
    }

    private static func port(of server: HTTPServer) async -> Int? {
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): Int(port)
        case .unix, nil: nil
        }
    }

    private static func named(_ error: any Error, host: String, port: Int, listened: Bool) -> ListenError {
        guard case SocketError.failed(_, let code, let message) = error else {
            return .stoppedListening(host: host, port: port, reason: error.localizedDescription)
        }
        if code == EADDRINUSE { return .portOccupied(host: host, port: port) }
        if listened { return .stoppedListening(host: host, port: port, reason: message) }
        return .hostNotUsable(host: host, port: port, reason: message)
    }
}
