import Testing

/// Each rule is shown a source that breaks it: a rule that cannot fail is no rule.
@Suite struct HouseRuleControlTests {
    private static let markdown = """
        | layer | room | what it is | may import | may be used by |
        |---|---|---|---|---|
        | 1 | Domain | nouns | nothing | Config, Feeder, Encoder, CLI |
        | 2 | Config | types | Domain | Feeder, Encoder, CLI |
        | 4 | Feeder | role | Domain, Config | CLI |
        | 4 | Encoder | role | Domain, Config | CLI |
        | 5 | CLI | command | every room from layer 1 up | nothing |

        | outside module | door |
        |---|---|
        | TOMLKit | Config |
        """

    private func broken(_ rule: Rule, _ path: String, _ source: String) throws -> [String] {
        let plan = try FloorPlan(markdown: Self.markdown)
        return rule.broken(by: [SourceFile(path: path, source: source)], plan: plan, exceptions: [])
    }

    @Test func `an import against the arrows is found with its line and the rule`() throws {
        let source = "import Glibc\npublic import Feeder\ninternal import struct Domain.Track\n"
        #expect(
            try broken(.arrows, "Sources/Config/A.swift", source) == [
                "Sources/Config/A.swift:2: Config imports Feeder. The rule: \(Rule.arrows.text)"
            ])
        #expect(try broken(.arrows, "Sources/CLI/main.swift", source).isEmpty)
        #expect(try broken(.arrows, "Sources/Attic/A.swift", "").count == 1)
    }

    @Test func `an outside module by another door, or with none, is found`() throws {
        #expect(try broken(.doors, "Sources/Feeder/A.swift", "@preconcurrency import TOMLKit").count == 1)
        #expect(try broken(.doors, "Sources/Feeder/A.swift", "import NIOCore").first?.contains("no door") == true)
        #expect(try broken(.doors, "Sources/CLI/A.swift", "import TOMLKit").count == 1)
        #expect(try broken(.doors, "Sources/Config/A.swift", "import TOMLKit\nimport Domain\nimport Glibc").isEmpty)
    }

    @Test func `a role that imports a role is found`() throws {
        #expect(try broken(.roles, "Sources/Feeder/A.swift", "import Encoder").count == 1)
        #expect(try broken(.roles, "Sources/CLI/A.swift", "import Encoder").isEmpty)
    }

    @Test func `an import in Domain is found`() throws {
        #expect(try broken(.domainImportsNothing, "Sources/Domain/A.swift", "import Glibc").count == 1)
        #expect(try broken(.domainImportsNothing, "Sources/Config/A.swift", "import Glibc").isEmpty)
    }

    @Test func `a file of 401 lines is found, one of 400 is not`() throws {
        let lines = String(repeating: "// a line\n", count: 400)
        #expect(try broken(.fileLength, "Sources/Domain/A.swift", lines).isEmpty)
        #expect(try broken(.fileLength, "Sources/Domain/A.swift", lines + "//\n").count == 1)
    }

    @Test(arguments: [
        "func long(_ f: () -> Void = { }) {", "init(\n  a: Int\n) {", "@inline(__always)\npublic static func long()\n{",
    ])
    func `a function of 71 lines is found, one of 70 is not`(head: String) throws {
        // Attributes on a line of their own are no part of the function.
        let headLines = head.split(separator: "\n").filter { !$0.hasPrefix("@") }.count
        func source(lines: Int) -> String {
            let body = String(repeating: "    if a { b() } // }\n", count: lines - headLines - 1)
            return "struct A {\n\(head)\n\(body)}\n}\n"
        }
        #expect(try broken(.functionLength, "Sources/Domain/A.swift", source(lines: 70)).isEmpty)
        #expect(try broken(.functionLength, "Sources/Domain/A.swift", source(lines: 71)).count == 1)
    }

    @Test func `a requirement of a protocol has no body, however long the next type is`() throws {
        let body = String(repeating: "    let a = 1\n", count: 90)
        let source = "protocol P {\n    func f() -> Int\n    init()\n}\nstruct S {\n\(body)}\n"
        #expect(try broken(.functionLength, "Sources/Domain/A.swift", source).isEmpty)
    }

    @Test(arguments: [
        "let a = try! b()", "fatalError(\"no\")", "try await Task.sleep(for: .seconds(1))", "\"\\(try! b())\"",
    ])
    func `a forbidden call is found`(line: String) throws {
        #expect(try broken(.forbiddenCalls, "Sources/Domain/A.swift", "func f() {\n\(line)\n}").count == 1)
    }

    @Test(arguments: [
        "// try! is forbidden", "/* a /* fatalError( */ Task.sleep */", "let a = \"try!\"",
        "let a = #\"say \"try!\" \"#",
        "let a = \"\"\"\n  fatalError(\n  \"\"\"", "let a = \"a \\\" Task.sleep\"",
    ])
    func `a forbidden call in a comment or a string is none`(line: String) throws {
        #expect(try broken(.forbiddenCalls, "Sources/Domain/A.swift", line).isEmpty)
    }

    @Test(arguments: [
        "var a = 1", "public private(set) var a = 1", "nonisolated(unsafe) var a = 1", "@MainActor var a = 1",
    ])
    func `a variable of the module is found`(line: String) throws {
        #expect(try broken(.moduleVariables, "Sources/Domain/A.swift", "struct A {\n}\n\(line)\n").count == 1)
        #expect(try broken(.moduleVariables, "Sources/Domain/A.swift", "struct A {\n\(line)\n}\n").isEmpty)
    }

    @Test(arguments: [
        "Utils.swift", "AudioHelpers.swift", "BufferManager.swift", "String+Extensions.swift", "Common/A.swift",
    ])
    func `a drawer is found`(name: String) throws {
        #expect(try broken(.fileNames, "Sources/Domain/\(name)", "").count == 1)
        #expect(try broken(.fileNames, "Sources/Domain/Commonplace.swift", "").isEmpty)
    }

    @Test func `an exception covers its rule in its file and nothing else`() throws {
        let plan = try FloorPlan(markdown: Self.markdown)
        let file = SourceFile(path: "Sources/Feeder/A.swift", source: "import Encoder\nimport Feeder\n")
        let exception = RuleException(
            rule: Rule.roles.text, path: file.path, naming: "Encoder", reason: "for the sake of the control test")
        #expect(Rule.roles.broken(by: [file], plan: plan, exceptions: []).count == 2)
        #expect(Rule.roles.broken(by: [file], plan: plan, exceptions: [exception]).count == 1)
        #expect(!Rule.arrows.broken(by: [file], plan: plan, exceptions: [exception]).isEmpty)
    }

    @Test func `a floor plan that does not read is refused`() {
        #expect(throws: FloorPlan.Unreadable.self) { try FloorPlan(markdown: "") }
        #expect(throws: FloorPlan.Unreadable.self) {
            try FloorPlan(markdown: Self.markdown.replacing("| Domain, Config |", with: "| Domain, Attic |"))
        }
        #expect(throws: FloorPlan.Unreadable.self) {
            try FloorPlan(markdown: Self.markdown.replacing("| TOMLKit | Config |", with: "| TOMLKit | Attic |"))
        }
    }
}
