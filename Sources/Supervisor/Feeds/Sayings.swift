internal import Domain
internal import Platform

/// How much a line matters.
enum LogLevel {
    case info, warning, error

    /// As a worker's own log writes it.
    init(of line: String) {
        if line.hasPrefix("error: ") || line.hasPrefix("<3>") {
            self = .error
        } else if line.hasPrefix("warning: ") || line.hasPrefix("<4>") {
            self = .warning
        } else {
            self = .info
        }
    }

    var word: String {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// As syslog counts.
    var priority: Int {
        switch self {
        case .info: 6
        case .warning: 4
        case .error: 3
        }
    }
}

extension Supervisor {
    /// Says a line to whoever reads our log: with fields in the journal, in plain words elsewhere.
    func say(_ text: String, level: LogLevel, worker: WorkerName?, generation: Int?, event: String?) {
        let named = worker.map { "\($0): \(text)" } ?? text
        if let journal {
            var fields = [("SYSLOG_IDENTIFIER", "lofisup")]
            if let worker {
                fields += [("LOFISUP_WORKER", worker.description), ("LOFISUP_ROLE", worker.role.rawValue)]
            }
            if let generation { fields.append(("LOFISUP_GENERATION", String(generation))) }
            if let event { fields.append(("LOFISUP_EVENT", event)) }
            if journal.send(priority: level.priority, message: named, fields: fields) { return }
        }
        switch level {
        case .info: Log.line(named)
        case .warning:
            Log.line(named.contains("warning: ") ? named : "\(worker.map { "\($0): " } ?? "")warning: \(text)")
        case .error: Log.line(named)
        }
    }
}
