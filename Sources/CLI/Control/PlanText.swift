internal import IPC

/// What a reload would do, for a terminal.
enum PlanText {
    static func text(_ plan: ReloadPlan) -> String {
        if let problem = plan.problem { return "nothing would be changed, the file has mistakes:\n\(problem)" }
        if plan.steps.isEmpty { return "nothing would change" }
        var table = TextTable()
        table.add("key", "before -> after", "effect")
        for step in plan.steps {
            table.add(
                step.key, Spelling.harmless("\(step.before ?? "not set") -> \(step.after ?? "not set")"), step.effect)
        }
        return table.lines().joined(separator: "\n")
    }
}
