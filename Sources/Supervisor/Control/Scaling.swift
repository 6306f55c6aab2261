internal import Domain
internal import Glibc
internal import IPC
internal import Platform

/// More and fewer workers of a kind.
extension Supervisor {
    func scale(_ order: ScaleOrder) throws -> OperationStatus {
        guard let role = WorkerRole(rawValue: order.role), role == .generator else {
            throw Self.refusal("only the generators can be scaled: there is one of each of the others")
        }
        guard plan.mode != .feederOnly else { throw Self.refusal("a station in feeder-only mode has no generators") }
        let bound = generatorsMax()
        guard (0...bound.count).contains(order.count) else {
            throw Self.refusal("\(order.count) generators are too many: \(bound.reason)")
        }
        setGenerators(order.count)
        let words = "generators: \(order.count)"
        return operations.begin(words) { [self] in
            let generators = posts.filter { $0.name.role == .generator }
            if generators.contains(where: \.isLeaving) { return nil }
            guard generators.count == order.count else { return .failed("\(words): scaled otherwise meanwhile") }
            if let post = generators.first(where: { $0.slot.hasFailed }) {
                return .failed("\(post.name) is \(post.slot.phase.word): \(post.slot.lastExit?.words ?? "")")
            }
            return generators.allSatisfy(\.slot.isReady) ? .done("\(words) running") : nil
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
    func generatorsMax() -> (count: Int, reason: String) {
        let present = posts.filter { $0.name.role == .generator }
        let load = MachineLoad()
        let byProcessors = max(1, load.cpusAllowed * 2)
        let largest = present.compactMap { $0.sample?.figures.residentBytes }.max() ?? Self.generatorBytesUsual
        var byMemory = Int.max
        if let available = load.memoryAvailableBytes {
            byMemory = present.count + Int(Double(available) * 0.8) / max(largest, 1)
        }
        let count = min(byProcessors, byMemory, Self.generatorsMost)
        let reason =
            if count == Self.generatorsMost {
                "\(count) is the most"
            } else if byMemory < byProcessors {
                "the memory bears \(count), at \(largest >> 20) MiB each"
            } else {
                "\(load.cpusAllowed) processors bear \(count)"
            }
        return (count, reason)
    }

    private static var generatorsMost: Int { 10 }
    private static var generatorBytesUsual: Int { 300 << 20 }
}
