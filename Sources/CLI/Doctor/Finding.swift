/// What one check of `doctor` came to.
struct Finding: Encodable, Equatable {
    enum State: String, Encodable, Comparable {
        case ok, degraded, broken

        static func < (left: State, right: State) -> Bool { left.severity < right.severity }

        private var severity: Int { self == .ok ? 0 : self == .degraded ? 1 : 2 }
    }

    /// Names the check: one word.
    let check: String
    let state: State
    /// One sentence.
    let says: String
    /// What to do; nil where there is nothing to do.
    let advice: String?

    static func ok(_ check: String, _ says: String) -> Finding {
        Finding(check: check, state: .ok, says: says, advice: nil)
    }

    static func degraded(_ check: String, _ says: String, do advice: String) -> Finding {
        Finding(check: check, state: .degraded, says: says, advice: advice)
    }

    static func broken(_ check: String, _ says: String, do advice: String) -> Finding {
        Finding(check: check, state: .broken, says: says, advice: advice)
    }
}

/// All of them together.
struct Diagnosis: Encodable {
    let state: Finding.State
    let findings: [Finding]

    init(_ findings: [Finding]) {
        self.findings = findings
        state = findings.map(\.state).max() ?? .ok
    }

    var text: String {
        var lines: [String] = []
        let width = findings.map(\.check.count).max() ?? 0
        for finding in findings {
            let name = finding.check + String(repeating: " ", count: width - finding.check.count)
            let state = finding.state.rawValue + String(repeating: " ", count: 8 - finding.state.rawValue.count)
            lines.append(Spelling.harmless("\(state)  \(name)  \(finding.says)"))
            guard let advice = finding.advice else { continue }
            let margin = String(repeating: " ", count: width + 12)
            lines.append(margin + Spelling.harmless("-> \(advice)"))
        }
        let counts = [Finding.State.broken, .degraded].map { state in findings.count { $0.state == state } }
        lines.append("")
        lines.append(
            counts == [0, 0]
                ? "all \(findings.count) checks are ok"
                : "\(counts[0]) broken, \(counts[1]) degraded, \(findings.count - counts[0] - counts[1]) ok")
        return lines.joined(separator: "\n")
    }
}
