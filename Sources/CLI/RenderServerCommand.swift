internal import ArgumentParser
internal import Config
internal import Glibc
internal import Platform
internal import RenderServer

/// `lofisup render-server`
struct RenderServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render-server",
        abstract: "Compose for stations elsewhere: the backends of this machine over HTTP.",
        discussion: """
            Set up in [render_server]; a station names it in [[renderers]] and asks it as the backend "remote". \
            Runs in the foreground until SIGTERM or SIGINT; jobs that are not done wait for the next start.
            """)

    @OptionGroup var station: StationOptions

    func run() throws {
        let signals = try SignalFeed([SIGINT, SIGTERM])
        let stop = try StopSignal()
        let descriptor = signals.descriptor
        NamedThread.start("signals") {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&waiting, 1, -1) < 0 && errno == EINTR {}
            stop.give(reason: "asked to")
        }
        Orphans.ignoreBrokenPipes()
        try reportingErrors {
            let paths = try station.paths()
            let config = try station.load(paths)
            try paths.prepare()
            let role = RenderServerRole(config: config, paths: paths, environment: station.environment)
            try role.serve(stop: stop) { port in
                let host = config.renderServer.host
                Log.info("render server listens on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            }
            Log.info("stopped")
        }
        // The thread polls its descriptor.
        withExtendedLifetime(signals) {}
    }
}
