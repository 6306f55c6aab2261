internal import Domain
internal import Glibc
internal import Platform

/// Pulls the governor's levers at the operating system.
public enum LoadLever {
    /// Performs `.nice`, `.hold` and `.goOn` on the process `pid`; anything else is none of its business.
    /// - Parameter startNice: the niceness that generators are started with.
    /// - Returns: why it could not be done; nil when it was, or when the process has gone.
    public static func perform(_ action: Governor.Action, pid: Int32, startNice: Int32) -> Governor.Failure? {
        switch action {
        case .nice(let name, let nice): return set(nice: nice ?? min(19, startNice), name: name, pid: pid)
        case .hold: ProcessFamily.hold(pid)
        case .goOn: ProcessFamily.goOn(pid)
        case .tune, .limit, .say: break
        }
        return nil
    }

    private static func set(nice: Int32, name: WorkerName, pid: Int32) -> Governor.Failure? {
        switch ProcessFamily(of: pid).set(nice: nice) {
        case 0, ESRCH: nil
        case EAGAIN: .notYet
        case EPERM, EACCES:
            .refused(
                "\(name) keeps its niceness until it is started again: only root, or a unit with LimitNICE=, may lower"
                    + " it to \(nice)")
        case let code: .refused("\(SystemError("set the niceness of \(name)", code: code))")
        }
    }
}
