import Testing

@testable import Config

struct TOMLKeyLinesTests {
    @Test func `tables, dotted keys and quoted keys have their lines`() {
        let lines = TOMLKeyLines(
            """
            a = 1
            b.c = 2
            "d" . 'e' = 3

            [f]
            g = 4 # h = 5
            [ i . j ]
            k = 5
            """)
        #expect(lines["a"] == 1)
        #expect(lines["b"] == 2)
        #expect(lines["b.c"] == 2)
        #expect(lines["d.e"] == 3)
        #expect(lines["f"] == 5)
        #expect(lines["f.g"] == 6)
        #expect(lines["f.h"] == nil)
        #expect(lines["i.j"] == 7)
        #expect(lines["i.j.k"] == 8)
    }

    @Test func `arrays of tables are told apart`() {
        let lines = TOMLKeyLines(
            """
            [[p]]
            a = 1
            [[p]]
            a = 2
            [p.q]
            b = 3
            [[p.r]]
            c = 4
            [[p.r]]
            c = 5
            """)
        #expect(lines["p[0].a"] == 2)
        #expect(lines["p[1].a"] == 4)
        #expect(lines["p[1].q.b"] == 6)
        #expect(lines["p[1].r[0].c"] == 8)
        #expect(lines["p[1].r[1].c"] == 10)
        #expect(lines["p[0].q"] == nil)
        #expect(lines["p[1]"] == 3)
    }

    @Test func `inline tables and arrays over several lines are entered`() {
        let lines = TOMLKeyLines(
            """
            p = [ # two
              { a = 1, b = "x, y" },
              { a = [1,
                     2], b.c = 2 },
            ]
            q = { r = { s = 1 } }
            t = 1
            """)
        #expect(lines["p[0].b"] == 2)
        #expect(lines["p[1].a"] == 3)
        #expect(lines["p[1].a[1]"] == 4)
        #expect(lines["p[1].b.c"] == 4)
        #expect(lines["q.r.s"] == 6)
        #expect(lines["t"] == 7)
    }

    @Test func `what looks like a key inside a text is none`() {
        let lines = TOMLKeyLines(
            #"""
            a = """
            b = 1
            [c] \""" "quoted" """"
            d = '''
            e = "1
            '''''
            f = "\"g = 1 #"
            h = 'C:\'
            i = 1
            """#)
        #expect(lines["b"] == nil)
        #expect(lines["c"] == nil)
        #expect(lines["d"] == 4)
        #expect(lines["e"] == nil)
        #expect(lines["f"] == 7)
        #expect(lines["h"] == 8)
        #expect(lines["i"] == 9)
    }

    @Test func `a byte-order mark and carriage returns change nothing`() {
        let lines = TOMLKeyLines("\u{FEFF}a = 1\r\n[b]\r\nc = 'x'\r\nd = 2\r\n")
        #expect(lines["a"] == 1)
        #expect(lines["b.c"] == 3)
        #expect(lines["b.d"] == 4)
        #expect(problems(of: "\u{FEFF}[feeder]\r\nx_files = 2\r\n").first?.hasPrefix("lofisup.toml:2: ") == true)
    }

    @Test(arguments: [
        "[", "[[", "[[a", "a", "a =", "a = {", "a = [", "a = [[,", "\"", "a = \"\"\"", "= = =", "]]]", "a = \"\\", ".",
        "{}{}",
        "a = {b = [{c = ",
    ])
    func `broken text is read to its end`(text: String) {
        #expect(TOMLKeyLines(text).nearest("nothing") == 1)
    }

    @Test func `every key the parser finds has a line`() throws {
        let tricky = """
            a.b."c" = { d = [ { e = '#' }, { e = "}" } ], f = 1979-05-27T07:32:00Z } # g
            "h" = [[1, 2], ["]", '[']]
            [i."j".k]
            l = +1_000
            [[i.m]]
            [[i.m.n]]
            o = \"\"\"
            x = 1 \\\"\"\" \"\"\"
            [i.m.p]
            q = inf
            """
        var config = StationConfig()
        config.prompts.reverse()
        config.destinations = [
            Destination(name: "copy", url: "/srv/a#b].ts"), Destination(name: "two", url: "/srv/b.ts"),
        ]
        for text in [tricky, SampleConfig.text(), SampleConfig.text(for: config)] {
            let lines = TOMLKeyLines(text)
            #expect(try paths(of: TOMLNode.parse(text, fileName: "text"), at: "").filter { lines[$0] == nil } == [])
        }
        #expect(try paths(of: TOMLNode.parse(tricky, fileName: "text"), at: "").count > 20)
    }

    private func paths(of node: TOMLNode, at path: String) -> [String] {
        switch node {
        case .table(let entries):
            entries.flatMap { [TOMLKeyLines.join(path, $0)] + paths(of: $1, at: TOMLKeyLines.join(path, $0)) }
        case .array(let items):
            items.enumerated().flatMap { ["\(path)[\($0)]"] + paths(of: $1, at: "\(path)[\($0)]") }
        default: []
        }
    }

    @Test func `a key that is not written has the line of its table`() {
        let lines = TOMLKeyLines("\n[[p]]\na = 1\n\n[[p]]\n[q]\n")
        #expect(lines.nearest("p[1].a") == 5)
        #expect(lines.nearest("q.r.s") == 6)
        #expect(lines.nearest("z") == 1)
    }
}
