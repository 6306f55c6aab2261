internal import ArgumentParser
internal import Backends
internal import Buffer
internal import Config
internal import Foundation
internal import Platform

/// `lofisup import`: tracks that were made elsewhere.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take in a portable buffer that `lofisup bootstrap` made, from here or over ssh.",
        discussion: """
            Fetches with rsync what is not known here yet, checks every file (checksum, format, length), and puts the \
            tracks on the buffer after the station's own, whole turns of prompts first, in the order of the rotation. \
            The station may run meanwhile. A second run takes in nothing twice; one that was cut off goes on where \
            it was. A bad file is kept aside with its reason. ssh cannot ask for a password here: use a key or an agent.

            Exit status: 0 done, or nothing new; 1 some files were refused, or the source does not fit; 74 no room; \
            75 cut off, or some files are not there yet: run it again.
            """)

    @Argument(help: ArgumentHelp("A directory, or HOST:DIR.", valueName: "source")) var source: String
    @Option(help: ArgumentHelp("How ssh is called, as in 'ssh -p 2222 -i key'.", valueName: "command"))
    var ssh = Rsync.plainSSH
    @OptionGroup var output: OutputOptions
    @OptionGroup var station: StationOptions

    func run() throws {
        try Interruption.watched { cancellation in try reportingErrors { try takeIn(cancellation) } }
    }

    private func takeIn(_ cancellation: Cancellation) throws {
        let paths = try station.paths()
        let config = try station.load(paths)
        let from = try ImportSource(source, workingDirectory: FileManager.default.currentDirectoryPath)
        try paths.prepare()
        let buffer = try BufferDirectory(root: paths.bufferDirectory, rules: BufferRules(config))
        let bar = ProgressBar()
        let report = try ImportRun(
            source: from, rsync: Rsync(source: from, ssh: ssh, environment: station.environment),
            checksum: Checksum(searchPath: station.environment["PATH"] ?? ""), buffer: buffer, config: config,
            cancellation: cancellation, show: bar.show
        ).run()
        bar.finish()
        try output.print(report, as: ImportReport.text)
        if report.status != .done { throw report.status.end }
    }
}
