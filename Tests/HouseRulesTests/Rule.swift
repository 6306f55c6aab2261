/// A rule of the house: one sentence, and how to find what breaks it.
struct Rule: Sendable {
    let text: String
    let find: @Sendable ([SourceFile], FloorPlan) -> [Finding]

    struct Finding: Equatable {
        var path: String
        var line: Int
        var what: String
    }

    /// What breaks the rule and has no exception, a line each, as a failing test prints it.
    func broken(by files: [SourceFile], plan: FloorPlan, exceptions: [RuleException]) -> [String] {
        find(files, plan)
            .filter { finding in !exceptions.contains { $0.covers(finding, rule: self) } }
            .map { "\($0.path):\($0.line): \($0.what). The rule: \(text)" }
    }
}

/// A place that may break a rule, and why.
struct RuleException: Sendable {
    /// The rule's text.
    var rule: String
    var path: String
    /// What the finding must name: a function, a module; nil for the whole file.
    var naming: String?
    var reason: String

    func covers(_ finding: Rule.Finding, rule: Rule) -> Bool {
        rule.text == self.rule && finding.path == path && (naming.map { finding.what.contains($0) } ?? true)
    }
}

extension Rule {
    static let fileLinesMax = 400
    static let functionLinesMax = 70

    static let all: [Rule] = [
        arrows, doors, roles, domainImportsNothing, fileLength, functionLength, forbiddenCalls, moduleVariables,
        fileNames,
    ]

    static let arrows = Rule(text: "a room imports only the rooms that Sources/README.md allows it") { files, plan in
        files.flatMap { file -> [Finding] in
            guard let room = plan.room(file.room) else {
                return [Finding(path: file.path, line: 1, what: "\(file.room) is not a room of the floor plan")]
            }
            return file.imports.compactMap { imported in
                guard plan.room(imported.module) != nil, !room.mayImport.contains(imported.module) else { return nil }
                let what = "\(room.name) imports \(imported.module)"
                return Finding(path: file.path, line: imported.line, what: what)
            }
        }
    }

    static let doors = Rule(text: "each outside module comes in by one door, which Sources/README.md names") {
        files, plan in
        files.flatMap { file in
            file.imports.compactMap { imported in
                let module = imported.module
                if FloorPlan.toolchain.contains(module) || plan.doors[module] == file.room { return nil }
                if plan.doors[module] == nil, plan.room(module) != nil { return nil }
                let door = plan.doors[module].map { "whose door is \($0)" } ?? "which has no door"
                return Finding(
                    path: file.path, line: imported.line, what: "\(file.room) imports \(module), \(door)")
            }
        }
    }

    static let roles = Rule(text: "a role never imports a role") { files, plan in
        files.filter { plan.isRole($0.room) }.flatMap { file in
            file.imports.filter { plan.isRole($0.module) }.map {
                Finding(path: file.path, line: $0.line, what: "\(file.room) imports \($0.module)")
            }
        }
    }

    static let domainImportsNothing = Rule(text: "Domain imports nothing, not even what comes with Swift") { files, _ in
        files.filter { $0.room == "Domain" }.flatMap { file in
            file.imports.map { Finding(path: file.path, line: $0.line, what: "Domain imports \($0.module)") }
        }
    }

    static let fileLength = Rule(text: "a file has at most \(fileLinesMax) lines") { files, _ in
        files.filter { $0.lineCount > fileLinesMax }.map {
            Finding(path: $0.path, line: fileLinesMax + 1, what: "\($0.lineCount) lines")
        }
    }

    static let functionLength = Rule(text: "a function has at most \(functionLinesMax) lines") { files, _ in
        files.flatMap { file in
            file.functions.filter { $0.lineCount > functionLinesMax }.map {
                Finding(path: file.path, line: $0.line, what: "\($0.name) has \($0.lineCount) lines")
            }
        }
    }

    static let forbiddenCalls = Rule(
        text: "no try!, no fatalError, no Task.sleep: errors are told, and time is a clock that was handed in"
    ) { files, _ in
        files.flatMap { file in
            file.lines.enumerated().flatMap { number, line in
                ["try!", "fatalError(", "Task.sleep"].filter { line.contains($0) }.map {
                    Finding(path: file.path, line: number + 1, what: "it says \($0)")
                }
            }
        }
    }

    static let moduleVariables = Rule(text: "no variable outside of a type") { files, _ in
        files.flatMap { file in
            file.topLevelLines.filter { line in
                let words = line.text.split { !($0.isLetter || $0.isNumber || "_@".contains($0)) }
                let before: Set<Substring> = [
                    "public", "package", "internal", "fileprivate", "private", "nonisolated", "unsafe", "set", "lazy",
                    "weak",
                ]
                return words.drop { $0.hasPrefix("@") || before.contains($0) }.first == "var"
            }.map { Finding(path: file.path, line: $0.number, what: "a variable of the module") }
        }
    }

    static let fileNames = Rule(
        text: "a file is named for its one idea, not Utils, Helpers, Common, Manager, Constants or Extensions"
    ) {
        files, _ in
        files.filter { file in
            let words = file.path.split { !$0.isLetter }.flatMap { camelWords(String($0)) }
            let drawers: Set<String> = [
                "Util", "Utils", "Utilities", "Helper", "Helpers", "Common", "Manager", "Managers", "Constants",
                "Extensions",
            ]
            return words.contains { drawers.contains($0) }
        }.map { Finding(path: $0.path, line: 1, what: "the name \($0.name)") }
    }

    private static func camelWords(_ name: String) -> [String] {
        var words: [String] = []
        for character in name {
            if character.isUppercase || words.isEmpty { words.append("") }
            words[words.count - 1].append(character)
        }
        return words
    }
}
