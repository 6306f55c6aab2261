public import Platform
internal import Synchronization

/// Reads `events` or `logs` without end, and over restarts of the supervisor without a gap: what it knows is a number.
public final class FeedFollower: Sendable {
    /// What `next` tells.
    public enum News: Sendable, Equatable {
        case page(FeedPage)
        /// The supervisor does not answer any more; `next` goes on trying. Told once.
        case away(WireError)
        /// It answers again; a page comes next.
        case back
        /// Its numbers began again, so that there may be a gap: its memory was lost. A page comes next.
        case anew
    }

    private struct State {
        var query: FeedQuery
        var client: ControlClient?
        /// Told that it was away, and not yet that it is back.
        var isAway = false
        /// Read, and to be told after `back` or `anew`.
        var kept: [News] = []
    }

    private let method: Method
    private let connect: @Sendable () throws(SystemError) -> ControlClient
    private let state: Mutex<State>
    private let stop: StopSignal
    private static let retrySeconds = 0.5

    /// - Parameters:
    ///   - method: `.events` or `.logs`.
    ///   - query: where to begin; how long to wait is not taken from it.
    ///   - connect: makes a new connection to the supervisor.
    public init(
        _ method: Method, from query: FeedQuery, connect: @escaping @Sendable () throws(SystemError) -> ControlClient
    ) throws(SystemError) {
        self.method = method
        self.connect = connect
        var query = query
        query.waitSeconds = 0
        let client = try connect()
        state = Mutex(State(query: query, client: client))
        stop = try StopSignal()
    }

    /// Makes `next` return nil, on whatever thread it waits.
    public func cancel() {
        stop.give(reason: "cancelled")
        state.withLock { $0.client }?.close()
    }

    /// Waits for something new. Called from one thread.
    /// - Returns: nil after `cancel`.
    /// - Throws: `refused` and `malformed`, which trying again does not help.
    public func next() throws(WireError) -> News? {
        while !stop.isGiven {
            if let news = state.withLock({ $0.kept.isEmpty ? nil : $0.kept.removeFirst() }) { return news }
            guard let client = current() else {
                stop.wait(seconds: Self.retrySeconds)
                continue
            }
            let query = state.withLock { $0.query }
            let page: FeedPage
            do throws(WireError) {
                page = try client.feed(method, query)
            } catch {
                if stop.isGiven { return nil }
                switch error {
                case .refused, .malformed: throw error
                default: break
                }
                let isNew = state.withLock { state in
                    defer { state.isAway = true }
                    state.client = nil
                    // The next one is asked at once for what is there, to know whether it is the same feed.
                    state.query.waitSeconds = 0
                    return !state.isAway
                }
                client.close()
                if isNew { return .away(error) }
                stop.wait(seconds: Self.retrySeconds)
                continue
            }
            take(page, asked: query)
        }
        return nil
    }

    private func take(_ page: FeedPage, asked query: FeedQuery) {
        state.withLock { state in
            if state.isAway { state.kept.append(.back) }
            state.isAway = false
            if let since = query.since, page.next < since {
                state.kept.append(.anew)
                state.query.since = 0
                return
            }
            let isFirst = query.since == nil
            state.query.since = page.next
            state.query.waitSeconds = ControlClient.pollSecondsMax
            // The count bounded the beginning alone.
            state.query.countMax = max(query.countMax, FeedQuery().countMax)
            if !page.entries.isEmpty || page.lost > 0 || isFirst { state.kept.append(.page(page)) }
        }
    }

    private func current() -> ControlClient? {
        if let client = state.withLock({ $0.client }) { return client }
        guard let client = try? connect() else { return nil }
        state.withLock { $0.client = client }
        // Cancelled in between: nobody would close it.
        if stop.isGiven { client.close() }
        return client
    }
}
