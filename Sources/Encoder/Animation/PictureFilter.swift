/// The ffmpeg filter chain that turns a source into the station's picture.
enum PictureFilter {
    /// Even sides that fit the format and keep the source's shape.
    static func fitted(displayAspect: Double, into format: PictureFormat) -> (width: Int, height: Int) {
        let wide = Double(format.width)
        let high = Double(format.height)
        let scaled = displayAspect >= wide / high ? (wide, wide / displayAspect) : (high * displayAspect, high)
        func even(_ side: Double, _ most: Int) -> Int { min(max(2, Int((side / 2).rounded()) * 2), most) }
        return (even(scaled.0, format.width), even(scaled.1, format.height))
    }

    /// The source comes upright: ffmpeg turns it before its first filter, and then forgets that it was turned.
    static func chain(source: SourcePicture, plan: LoopPlan, format: PictureFormat) -> String {
        let rate = format.framesPerSecond
        var time: [String] = []
        if !source.isStill {
            // A fine time base first: a gif counts in hundredths and the stretch would be rounded to them.
            time = ["settb=1/90000", "setpts=(PTS-STARTPTS)*\(plan.stretch)", "fps=\(rate):start_time=0:round=near"]
        }
        let isFasterThanWanted = Double(source.frames) > Double(rate) * source.seconds
        var steps = isFasterThanWanted ? time : []
        steps += shape(source, format)
        steps += isFasterThanWanted ? [] : time
        if source.isStill {
            steps += ["loop=loop=-1:size=1:start=0", "settb=1/\(rate)", "setpts=N"]
        } else {
            // Whatever rounding left short is the last frame held.
            steps.append("tpad=stop=-1:stop_mode=clone")
        }
        return steps.joined(separator: ",")
    }

    private static func shape(_ source: SourcePicture, _ format: PictureFormat) -> [String] {
        var steps: [String] = []
        if source.isInterlaced { steps.append("bwdif=mode=send_frame") }
        // Premultiplied is the same as laid over black, which the bars are too.
        if source.hasAlpha { steps += ["format=gbrap", "premultiply=inplace=1", "format=gbrp"] }
        let size = fitted(displayAspect: source.displayAspect, into: format)
        var scale = "scale=\(size.width):\(size.height):flags=lanczos+accurate_rnd+full_chroma_int"
        if source.isHighDynamicRange {
            steps += [
                scale, "zscale=min=2020_ncl:pin=2020:t=linear:npl=100", "format=gbrpf32le", "zscale=p=709",
                "tonemap=hable:desat=0", "zscale=t=709:m=709:r=limited",
            ]
        } else {
            // Untagged film of this height is bt709 in practice; swscale would take it for bt601.
            if source.matrixIsUnknown, source.height >= 720 { scale += ":in_color_matrix=bt709" }
            steps.append(scale + ":out_color_matrix=bt709:out_range=tv")
        }
        steps += ["format=yuv420p", "pad=\(format.width):\(format.height):-1:-1:black", "setsar=1"]
        return steps
    }
}
