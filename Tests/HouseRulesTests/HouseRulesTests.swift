import FoundationEssentials
import Testing

@Suite struct HouseRulesTests {
    private let root = SourceFile.root()
    /// Read once for all tests: parsing takes its time in a debug build.
    private static let sources = Result { try SourceFile.all(root: SourceFile.root()) }

    private func plan() throws -> FloorPlan {
        try FloorPlan(markdown: String(contentsOf: root.appending(path: "Sources/README.md"), encoding: .utf8))
    }

    @Test(arguments: Rule.all)
    func `the sources keep the rule`(rule: Rule) throws {
        let files = try Self.sources.get()
        #expect(files.count > 15, "too few sources were found under \(root.path)")
        for line in rule.broken(by: files, plan: try plan(), exceptions: RuleException.all) { Issue.record("\(line)") }
    }

    @Test func `every exception is still needed and has a reason`() throws {
        let files = try Self.sources.get()
        let plan = try plan()
        for exception in RuleException.all {
            let rule = try #require(Rule.all.first { $0.text == exception.rule }, "no such rule: \(exception.rule)")
            #expect(rule.find(files, plan).contains { exception.covers($0, rule: rule) }, "not needed: \(exception)")
            #expect(exception.reason.count > 20, "\(exception)")
        }
    }

    @Test func `the floor plan has every room that exists and no other`() throws {
        let folder = root.appending(path: "Sources").path
        let folders = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.contains(".") }
        #expect(Set(try plan().rooms.map(\.name)) == Set(folders))
    }

    @Test func `who may import whom reads the same from both ends`() throws {
        let plan = try plan()
        for room in plan.rooms {
            let users = plan.rooms.filter { $0.mayImport.contains(room.name) }
            #expect(Set(users.map(\.name)) == room.mayBeUsedBy, "\(room.name)")
        }
    }

    @Test func `arrows point down and no role may import a role`() throws {
        let plan = try plan()
        for room in plan.rooms {
            for name in room.mayImport {
                let imported = try #require(plan.room(name))
                #expect(imported.layer < room.layer, "\(room.name) may import \(name)")
                #expect(!(plan.isRole(room.name) && plan.isRole(name)))
            }
        }
    }
}

extension Rule: CustomTestStringConvertible {
    var testDescription: String { text }
}
