internal import Platform

/// Orders that take their time, carried out one after another on a thread of their own. Those that come before the
/// worker can carry them out wait until it can.
final class WorkerOrders: Sendable {
    /// What a worker does when it is told to; nil for what it does not do.
    struct Handlers: Sendable {
        var reload: (@Sendable (ReloadOrder) throws -> Void)?
        var tune: (@Sendable (WorkerTuning) -> Void)?
    }

    private struct Order {
        let method: Method
        let parameters: JSONValue
        let reply: LineConnection.Reply
    }

    private struct State {
        var handlers: Handlers?
        var waiting: [Order] = []
        var isWorking = false
    }

    private let state = Monitor(State())
    /// A supervisor has one reload and one tuning under way; more than this is no supervisor of ours.
    private static let waitingMax = 64

    /// Gives what waits, and what comes from now on, to `handlers`.
    /// - Parameter replacing: whether handlers that are there already have to go.
    func serve(_ handlers: Handlers, replacing: Bool) {
        state.withLock { if replacing || $0.handlers == nil { $0.handlers = handlers } }
        work()
    }

    /// Takes `reload` and `tune`; false for anything else.
    func take(_ method: Method, _ parameters: JSONValue, _ reply: LineConnection.Reply) -> Bool {
        guard method == .reload || method == .tune else { return false }
        let isTaken = state.withLock { state in
            guard state.waiting.count < Self.waitingMax else { return false }
            state.waiting.append(Order(method: method, parameters: parameters, reply: reply))
            return true
        }
        if isTaken {
            work()
        } else {
            reply { throw WireError.refused(code: Message.Code.failed, message: "too many orders wait already") }
        }
        return true
    }

    private func work() {
        let isNeeded = state.withLock { state in
            guard state.handlers != nil, !state.waiting.isEmpty, !state.isWorking else { return false }
            state.isWorking = true
            return true
        }
        guard isNeeded else { return }
        NamedThread.start("orders") { [self] in
            while let (order, handlers) = next() {
                order.reply { try Self.carryOut(order, handlers) }
            }
        }
    }

    private func next() -> (Order, Handlers)? {
        state.withLock { state in
            guard let handlers = state.handlers, !state.waiting.isEmpty else {
                state.isWorking = false
                return nil
            }
            return (state.waiting.removeFirst(), handlers)
        }
    }

    private static func carryOut(_ order: Order, _ handlers: Handlers) throws -> JSONValue {
        switch order.method {
        case .reload:
            guard let reload = handlers.reload else { throw order.method.isUnknownHere }
            try reload(order.parameters.decoded(as: ReloadOrder.self))
        case .tune:
            guard let tune = handlers.tune else { throw order.method.isUnknownHere }
            try tune(order.parameters.decoded(as: WorkerTuning.self))
        default: throw order.method.isUnknownHere
        }
        return .null
    }
}
