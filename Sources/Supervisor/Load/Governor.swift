public import Domain
public import IPC

/// Holds generators back while the air, or whoever the policy minds, is short of processors, and lets go again.
///
/// A pure value: it is told the time and the machine's figures, and answers with what is to be done. Encoder and feeder
/// are never touched. The levers, in the order in which they are pulled; they are let go of in reverse:
///
/// 1. niceness 19, and half the processors for backends that compute with threads;
/// 2. a rest after each track;
/// 3. stopped half of the time, a second at a time; 4. three quarters, a second and a half at a time;
/// 5. and further: one generator less, the newest first; one always stays.
///
/// A machine that is full is no reason: a generator at niceness 19 takes what is left over, and everything that counts
/// waiting tasks counts the generator's own wait. What counts is that frames come late and that the encoder's and the
/// feeder's own threads wait. Past the first lever nothing is pulled while generators use next to nothing, and on a
/// Buffer in emergency only when the air itself is late.
///
/// Wiring, all on the control thread:
/// - each report of the encoder: `watch.note(latenessSeconds:)`;
/// - once a second: `let reading = watch.look(...)`, then perform `governor.turn(reading)`;
/// - when `deadline` has come (it belongs to the loop's deadlines): perform `governor.tick(now:)`;
/// - a generator says that it is ready, or is resumed by the operator: perform `governor.joined(name, now:)`;
/// - a generator has ended, and before one is asked to stop, is restarted or is paused by the operator: perform
///   `governor.left(name)` (a stopped one must go on to hear anything);
/// - another policy: perform `letGo()`, make a new governor and have every generator that is at work join it;
/// - an action that could not be performed: perform `governor.failed(action, failure)`.
///
/// `LoadLever.perform` does `.nice`, `.hold` and `.goOn`; `.tune` is a `tune` notification on the worker's link, `.limit`
/// and `.say` are the supervisor's own. `LoadWatch.status` makes of both what `ctl status` shows.
public struct Governor: Sendable {
    public enum Action: Sendable, Equatable {
        /// Give the generator and its tools this niceness; nil is the one it was started with.
        case nice(WorkerName, Int32?)
        case tune(WorkerName, WorkerTuning)
        /// SIGSTOP, with its tools.
        case hold(WorkerName)
        /// SIGCONT, with its tools.
        case goOn(WorkerName)
        /// Run at most so many generators, the newest stop first; nil: as many as are wanted.
        case limit(Int?)
        /// Tell the operator: an event, and a line of the log.
        case say(String)
    }

    /// Why an action could not be performed.
    public enum Failure: Sendable, Equatable {
        /// A moment later it can be: it is given again with the next `turn`.
        case notYet
        /// In words, with what to do about it.
        case refused(String)
    }

    /// 0 when nothing is held back; each further step is one more lever.
    public private(set) var level = 0
    let policy: GovernorPolicy
    private var restraint: GovernorRestraint
    private var wanted = 1
    /// The generators that it may act on, with what each has been given.
    private var given: [WorkerName: GovernorRestraint] = [:]
    private var limit: Int?
    private var again: [Action] = []
    /// What could not be done for whom, in words.
    private var refusals: [WorkerName: String] = [:]
    private var said: Set<String> = []
    private var reason: String?
    private var judgement = GovernorJudgement()
    private var duty = GovernorDuty()

    public init(policy: GovernorPolicy) {
        self.policy = policy
        restraint = GovernorRestraint(level: 0, wanted: 1, processors: 1, policy: policy)
    }

    /// Why generators are held back, and how, and what of it does not work; nil when they are not.
    public var words: String? {
        let troubles = Set(refusals.values).sorted()
        if level == 0 { return troubles.isEmpty ? nil : troubles.joined(separator: "; ") }
        let held = "held back: \(reason ?? "processors were short"); \(restraint.words(wanted: wanted))"
        return ([held] + troubles).joined(separator: "; ")
    }

    /// When `tick` must come next; nil when nothing is due.
    public var deadline: Double? { duty.deadline }

    /// What follows from a reading; to be asked once a second.
    public mutating func turn(_ reading: LoadReading) -> [Action] {
        guard policy.acts else { return [] }
        wanted = max(1, reading.generatorsWanted)
        let before = level
        let strain = GovernorStrain(reading, policy: policy)
        level = judgement.level(from: level, strain: strain, reading: reading, policy: policy)
        if let words = strain.words { reason = words }
        if level == 0 { reason = nil }
        restraint = GovernorRestraint(level: level, wanted: wanted, processors: reading.processors, policy: policy)
        var actions = again
        again = []
        actions += apply(now: reading.now)
        if level != before {
            actions.append(.say(words ?? "nothing is held back any more"))
        }
        return actions
    }

    /// What is due by now: the stops and goes of the third and fourth lever.
    public mutating func tick(now: Double) -> [Action] {
        switch duty.turn(now: now) {
        case .hold: names.map(Action.hold)
        case .goOn: names.map(Action.goOn)
        case nil: []
        }
    }

    /// A generator is at work and may be acted on from now on.
    public mutating func joined(_ name: WorkerName, now: Double) -> [Action] {
        guard policy.acts else { return [] }
        refusals[name] = nil
        given[name] = GovernorRestraint(level: 0, wanted: 1, processors: 1, policy: policy)
        let actions = apply(now: now)
        // Said even when nothing is held back: what it was born with may not have reached its session.
        return actions.contains(.nice(name, restraint.nice)) ? actions : [.nice(name, restraint.nice)] + actions
    }

    /// A generator has gone, or is the operator's business now.
    public mutating func left(_ name: WorkerName) -> [Action] {
        guard given.removeValue(forKey: name) != nil else { return [] }
        refusals[name] = nil
        again.removeAll { $0.worker == name }
        return duty.isHolding ? [.goOn(name)] : []
    }

    /// Lets go of everything at once; the next `turn` begins anew.
    public mutating func letGo() -> [Action] {
        level = 0
        reason = nil
        again = []
        judgement = GovernorJudgement()
        restraint = GovernorRestraint(level: 0, wanted: wanted, processors: 1, policy: policy)
        return apply(now: 0)
    }

    /// To be told what could not be done. What is refused is said once and shown until the worker's life ends.
    public mutating func failed(_ action: Action, _ failure: Failure) -> [Action] {
        switch failure {
        case .notYet:
            if let worker = action.worker, given[worker] != nil { again.append(action) }
            return []
        case .refused(let words):
            if let worker = action.worker, given[worker] != nil { refusals[worker] = words }
            return said.insert(words).inserted ? [.say(words)] : []
        }
    }

    private var names: [WorkerName] { given.keys.sorted { $0.index < $1.index } }

    /// The difference between what every generator has been given and what it is to have.
    private mutating func apply(now: Double) -> [Action] {
        var actions: [Action] = []
        for name in names {
            guard let had = given[name], had != restraint else { continue }
            if had.nice != restraint.nice {
                again.removeAll { if case .nice(name, _) = $0 { true } else { false } }
                actions.append(.nice(name, restraint.nice))
            }
            if had.tuning != restraint.tuning { actions.append(.tune(name, restraint.tuning)) }
            given[name] = restraint
        }
        if duty.set(share: restraint.heldShare, now: now) { actions += names.map(Action.goOn) }
        if limit != restraint.generatorsMax {
            limit = restraint.generatorsMax
            actions.append(.limit(limit))
        }
        return actions
    }
}

extension Governor.Action {
    var worker: WorkerName? {
        switch self {
        case .nice(let name, _), .tune(let name, _), .hold(let name), .goOn(let name): name
        case .limit, .say: nil
        }
    }
}
