import { connect } from '@rollcall/client'

document.title = connect.name
