internal import ArgumentParser

/// How a command ends (sysexits.h, as far as there is a word for it).
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case failed = 1
    case usage = 64
    case unavailable = 69
    case diskFull = 74
    case tryAgain = 75
    case configuration = 78

    var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed, or refused by the station"
        case .usage: "the command line is wrong"
        case .unavailable: "no station answers"
        case .diskFull: "no room on the disk"
        case .tryAgain: "the time is up and it still runs"
        case .configuration: "the configuration is wrong"
        }
    }

    /// To be thrown; what is to be said has been said.
    var end: ArgumentParser.ExitCode { ArgumentParser.ExitCode(rawValue) }

    /// For the end of a help text.
    static var manual: String {
        "Exit status: " + allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ") + "."
    }
}
