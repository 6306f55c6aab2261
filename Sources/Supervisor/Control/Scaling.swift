internal import Domain
internal import IPC
internal import Platform

/// More and fewer workers of a kind.
extension Supervisor {
    func scale(_ order: ScaleOrder) throws -> OperationStatus {
        guard let role = WorkerRole(rawValue: order.role), role == .generator else {
            throw Self.refusal("only the generators can be scaled: there is one of each of the others")
        }
        guard plan.mode != .feederOnly else { throw Self.refusal("a station in feeder-only mode has no generators") }
        let bound = bound()
        // Fewer is always possible.
        guard order.count >= 0, order.count <= max(bound.count, generatorsWanted) else {
            throw Self.refusal("\(order.count) generators are too many: \(bound.reason)")
        }
        generatorsWanted = order.count
        setGenerators(min(order.count, generatorsLimit ?? .max))
        let words = "generators: \(order.count)"
        return operations.begin(words) { [self] in
            let generators = posts.filter { $0.name.role == .generator }
            if generators.contains(where: \.isLeaving) { return nil }
            guard generatorsWanted == order.count else { return .failed("\(words): scaled otherwise meanwhile") }
            if let limit = generatorsLimit, limit < order.count {
                return .done(
                    "\(words) wanted, \(generators.count) running: \(governor.words ?? "held back for the load")")
            }
            if let post = generators.first(where: { $0.slot.hasFailed }) {
                return .failed("\(post.name) is \(post.slot.phase.word): \(post.slot.lastExit?.words ?? "")")
            }
            let wanted = generators.filter(\.slot.isWanted)
            return wanted.allSatisfy(\.slot.isReady) ? .done("\(words) running") : nil
        }
    }

    /// Starts or drains generators until there are `count`; the newest go first.
    func setGenerators(_ count: Int) {
        let present = posts.filter { $0.name.role == .generator && !$0.isLeaving }
        for post in present.suffix(max(0, present.count - count)) {
            post.isLeaving = true
            handle(.end, at: post)
        }
        guard count > present.count else { return }
        for index in 1...count {
            let name = WorkerName(.generator, index: index)
            if let post = posts.first(where: { $0.name == name }) {
                guard post.isLeaving else { continue }
                // It drains still; its next life begins when it has.
                post.isLeaving = false
                handle(.start, at: post)
            } else {
                let post = Post(name: name, slot: Slot(policy: plan.restartPolicy.fitted(to: .generator)))
                posts.insert(post, at: posts.firstIndex { $0.name.role != .generator } ?? posts.endIndex)
                handle(.start, at: post)
            }
        }
    }

    /// What this machine bears, and why not more.
    private func bound() -> (count: Int, reason: String) {
        guard let lastReading else { return (generatorsWanted, "the station has only just started") }
        let largest = posts.filter { $0.name.role == .generator }.compactMap { $0.sample?.figures.residentBytes }.max()
        return GeneratorRoom.most(lastReading, residentBytesEach: largest, level: governor.level)
    }
}
