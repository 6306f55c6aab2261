/// One note as an instrument hears it: no bars, no raga, only Hz and seconds.
struct Tone {
    var hertz: Float
    /// Where the pitch starts, if it slides; else the same as `hertz`.
    var fromHertz: Float
    /// Seconds before the slide sets out, and how long it takes.
    var slideWait: Float = 0
    var slideLength: Float = 0.001
    var seconds: Float
    /// 0...1
    var velocity: Float
    /// Joined to the note before it: same breath, same bow.
    var legato = false
}
