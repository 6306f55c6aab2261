internal import IPC

/// The changes that were asked for, each with a number, until they are done.
struct OperationBook {
    /// One change.
    struct Operation {
        let words: String
        var state = OperationStatus.State.running
        var outcome: String
        /// Looks whether it is done; nil while it runs.
        let check: () -> Verdict?
    }

    enum Verdict {
        case done(String)
        case failed(String)
    }

    private var operations: [Int: Operation] = [:]
    private(set) var nextNumber: Int
    private static let keptMax = 200

    init(nextNumber: Int) { self.nextNumber = nextNumber }

    /// Enters a change that has begun.
    mutating func begin(_ words: String, check: @escaping () -> Verdict?) -> OperationStatus {
        let number = nextNumber
        nextNumber += 1
        operations[number] = Operation(words: words, outcome: words, check: check)
        if operations.count > Self.keptMax { operations[operations.keys.min() ?? number] = nil }
        return OperationStatus(operation: number, state: .running, outcome: words)
    }

    /// Where the change stands; nil for a number that is not kept.
    subscript(number: Int) -> OperationStatus? {
        operations[number].map { OperationStatus(operation: number, state: $0.state, outcome: $0.outcome) }
    }

    /// Looks at what runs; returns what has ended since.
    mutating func settle() -> [OperationStatus] {
        var ended: [OperationStatus] = []
        for (number, operation) in operations where operation.state == .running {
            switch operation.check() {
            case nil: continue
            case .done(let outcome):
                operations[number]?.state = .done
                operations[number]?.outcome = outcome
            case .failed(let outcome):
                operations[number]?.state = .failed
                operations[number]?.outcome = outcome
            }
            if let status = self[number] { ended.append(status) }
        }
        return ended
    }
}
