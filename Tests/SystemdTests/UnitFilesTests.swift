import FoundationEssentials
import Platform
import TestSupport
import Testing

/// The unit as systemd itself reads it, without one that runs.
@Suite(
    .enabled(
        if: TestTool.path(of: "systemd-analyze") != nil,
        "needs systemd-analyze of systemd 252 or newer (apt install systemd)"))
struct UnitFilesTests {
    private static let unit = Repository.root + "/systemd/lofisup.service"

    @Test("systemd finds nothing to complain about in the unit")
    func verified() throws {
        try withTemporaryDirectory { scratch in
            // The command and the manual that are not installed here stand for those that are.
            let text = try String(contentsOfFile: Self.unit, encoding: .utf8)
                .replacing("/usr/local/bin/lofisup", with: "/bin/true")
                .replacing("Documentation=man:lofisup(1)\n", with: "")
            try Data(text.utf8).write(to: URL(filePath: scratch + "/lofisup.service"))
            let said = try TestTool.run("systemd-analyze", ["verify", "--man=no", scratch + "/lofisup.service"])
            #expect(said.exit == .code(0) && said.errors == "", "\(said)")
        }
    }

    @Test("what the unit may do is little: an exposure of 1.5 or less")
    func secured() throws {
        let said = try TestTool.run(
            "systemd-analyze", ["security", "--offline=yes", "--threshold=15", "--no-pager", Self.unit])
        #expect(said.exit == .code(0), "\(said)")
    }

    @Test("a drop-in for a newer systemd does not keep an older one from starting the station", arguments: dropIns)
    func tolerated(dropIn: String) throws {
        try withTemporaryDirectory { scratch in
            let text = try String(contentsOfFile: Self.unit, encoding: .utf8)
                .replacing("/usr/local/bin/lofisup", with: "/bin/true")
            try Data(text.utf8).write(to: URL(filePath: scratch + "/lofisup.service"))
            let folder = scratch + "/lofisup.service.d"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: Self.folder + dropIn, toPath: folder + "/" + dropIn)
            let said = try TestTool.run("systemd-analyze", ["verify", "--man=no", scratch + "/lofisup.service"])
            #expect(said.exit == .code(0), "\(said)")
            // Where it is understood there is nothing to say; where it is not, that it is ignored.
            for line in said.errors.split(separator: "\n") { #expect(line.contains("ignoring"), "\(line)") }
        }
    }

    @Test("the name of a drop-in says from which version on it is installed", arguments: dropIns)
    func named(dropIn: String) throws {
        #expect(Int(dropIn.prefix { $0 != "-" }).map { $0 > 252 } == true, "\(dropIn)")
    }

    private static let folder = Repository.root + "/systemd/drop-ins/"
    private static let dropIns = (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
}
