extension Slot {
    /// How the last life ended.
    public struct Exit: Sendable, Hashable, Codable {
        public var cause: ExitCause
        /// As the operator reads it: "signal 9 (Killed)".
        public var words: String

        public init(cause: ExitCause, words: String) {
            self.cause = cause
            self.words = words
        }
    }

    /// What a slot keeps over a restart of the supervisor. Holds no clock times: what it says is as of when it was
    /// taken, and the time until it is read again counts for nothing.
    public struct Memory: Sendable, Hashable, Codable {
        public var generation: Int
        public var restarts: Int
        /// It stays so, until an operator says otherwise.
        public var isStoppedByOperator: Bool
        var budget: RestartBudget.Memory
        /// What is left of the pause before its next start; nil when it was not waiting.
        public var pauseSecondsLeft: Double?
        public var lastExit: Exit?

        /// What is left of the two budgets, in failures.
        public var startsLeft: Double { budget.startsLeft }
        public var livesLeft: Double { budget.livesLeft }
        /// Since it was last sound.
        public var failuresInARow: Int { budget.failuresInARow }
        /// How often it has come to quarantine since then.
        public var failedProbes: Int { budget.failedProbes }
    }
}
