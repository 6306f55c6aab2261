internal import Platform

/// One batch on its way through several renderers: who takes what next, and what has come of it.
///
/// Renderers help themselves, so each gets as much as it is fast. What one of them gives back, others take.
final class RemoteRound: Sendable {
    struct Item: Sendable {
        let request: TrackRequest
        let job: String
        let wanted: RenderJobRequest
    }

    enum Event: Sendable {
        case track(Int, RenderedTrack)
        case failed(Int, String)
    }

    /// A renderer as the round sees it.
    struct Hand: Sendable {
        var name: String
        var batchMax: Int
        /// Nil: not known yet.
        var speed: Double?
        var continues: Bool
    }

    private struct State {
        var pending: [Int]
        var hands: [String: Hand]
        /// Whose an item is as long as that renderer is there.
        var pinned: [Int: String] = [:]
        var turns: [Int: String] = [:]
        /// Who has tried an item and could not.
        var refusedBy: [Int: [String: String]] = [:]
        var progress: [Int: Double] = [:]
        var events: [Event] = []
        var openCount: Int
        var isOver = false
    }

    let items: [Item]
    private let state: Monitor<State>

    /// - Parameters:
    ///   - pinned: items that a renderer was asked for in an earlier life of this process, by place.
    ///   - turns: which renderer made the earlier tracks of a turn.
    init(items: [Item], hands: [Hand], pinned: [Int: String], turns: [Int: String]) {
        self.items = items
        let hands = Dictionary(hands.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        state = Monitor(
            State(
                pending: Array(items.indices), hands: hands, pinned: pinned, turns: turns, openCount: items.count))
    }

    // MARK: - For those who fetch

    /// The next items for a renderer; waits while others may still give something back. Nil: there is nothing more.
    func take(for name: String, speed: Double?) -> [Int]? {
        while true {
            let taken: [Int]?? = state.wait(timeoutSeconds: 1) { state in
                guard !state.isOver, state.openCount > 0, state.hands[name] != nil else { return .some(nil) }
                state.hands[name]?.speed = speed
                let piece = self.piece(for: name, &state)
                return piece.isEmpty ? nil : .some(piece)
            }
            if let taken { return taken }
        }
    }

    private func piece(for name: String, _ state: inout State) -> [Int] {
        guard let hand = state.hands[name] else { return [] }
        var own: [Int] = []
        var free: [Int] = []
        for place in state.pending where state.refusedBy[place]?[name] == nil {
            if let owner = owner(of: place, state), state.hands[owner] != nil {
                if owner == name { own.append(place) }
            } else {
                free.append(place)
            }
        }
        // Two at least: while one is fetched the next is rendered.
        let most = max(2, hand.batchMax)
        let share = own.count + Self.share(of: free.count, for: hand, among: Array(state.hands.values))
        let piece = Array((own + free).prefix(min(most, share))).sorted()
        state.pending.removeAll { piece.contains($0) }
        for place in piece where hand.continues { state.turns[items[place].request.turn] = name }
        return piece
    }

    /// Whose an item is: who was asked for it before, or made what it goes on from.
    private func owner(of place: Int, _ state: State) -> String? {
        let request = items[place].request
        if let owner = state.pinned[place], state.refusedBy[place]?[owner] == nil { return owner }
        guard !request.continues.isEmpty, let owner = state.turns[request.turn], state.hands[owner]?.continues == true,
            state.refusedBy[place]?[owner] == nil
        else { return nil }
        return owner
    }

    /// As much of what is free as a renderer is fast beside the others. One that nothing is known of gets a little, to
    /// learn by.
    private static func share(of count: Int, for hand: Hand, among hands: [Hand]) -> Int {
        if hands.count == 1 || count == 0 { return count }
        guard let speed = hand.speed else { return 1 }
        let known = hands.compactMap(\.speed)
        let all = known.reduce(0, +) / Double(known.count) * Double(hands.count)
        return max(1, Int((Double(count) * speed / all).rounded()))
    }

    func progress(_ place: Int, _ fraction: Double) {
        state.withLock { $0.progress[place] = max($0.progress[place] ?? 0, min(fraction, 1)) }
    }

    func deliver(_ place: Int, _ track: RenderedTrack) {
        state.withLock { state in
            state.openCount -= 1
            state.progress[place] = 1
            state.events.append(.track(place, track))
        }
    }

    /// A renderer says that it cannot make an item: another may, or nobody can.
    func refuse(_ place: Int, by name: String, why: String) {
        state.withLock { state in
            state.refusedBy[place, default: [:]][name] = why
            if state.hands.keys.allSatisfy({ state.refusedBy[place]?[$0] != nil }) {
                Self.giveUp(place, &state)
            } else {
                state.pending.append(place)
            }
        }
    }

    /// A renderer has taken more than it can have.
    func putBack(_ places: [Int]) { state.withLock { $0.pending = ($0.pending + places).sorted() } }

    /// A renderer goes, and what it had taken and not delivered is anybody's.
    func leave(_ name: String, givingBack places: [Int]) {
        state.withLock { state in
            state.hands[name] = nil
            state.pending = (state.pending + places).sorted()
            // Some may have been refused by everybody who is left.
            for place in state.pending where !(state.refusedBy[place] ?? [:]).isEmpty {
                if state.hands.keys.allSatisfy({ state.refusedBy[place]?[$0] != nil }) { Self.giveUp(place, &state) }
            }
        }
    }

    private static func giveUp(_ place: Int, _ state: inout State) {
        state.pending.removeAll { $0 == place }
        state.openCount -= 1
        let words = (state.refusedBy[place] ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        state.events.append(.failed(place, words.joined(separator: "; ")))
    }

    var hasOthers: Bool { state.read { $0.hands.count > 1 } }

    // MARK: - For whoever asked

    /// What has happened since, and how far all is; waits a moment for something. Nil once all is told of, or nobody is
    /// left to do the rest.
    func news() -> (events: [Event], progress: Double)? {
        let found: ([Event], Double)? = state.wait(timeoutSeconds: 0.5) { state in
            guard !state.events.isEmpty || state.openCount == 0 || state.hands.isEmpty else { return nil }
            defer { state.events = [] }
            return (state.events, Self.fraction(state))
        }
        guard let found else { return ([], state.read(Self.fraction)) }
        let isOver = state.read { $0.events.isEmpty && ($0.openCount == 0 || $0.hands.isEmpty) }
        return found.0.isEmpty && isOver ? nil : (found.0, found.1)
    }

    private static func fraction(_ state: State) -> Double {
        state.progress.values.reduce(0, +) / Double(max(1, state.progress.count + state.pending.count))
    }

    /// What nobody was told of yet, once all have left.
    func lastEvents() -> [Event] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    /// Lets nobody take anything more.
    func end() { state.withLock { $0.isOver = true } }

    /// Waits until every renderer has left: nobody writes files then.
    func waitUntilAllLeft() {
        while state.wait(timeoutSeconds: 5, until: { $0.hands.isEmpty ? true : nil }) == nil {}
    }
}
